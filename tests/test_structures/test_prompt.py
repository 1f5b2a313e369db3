import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.structures import KeypointPrompt, MeshDataSample


def _sample(value: float) -> MeshDataSample:
    sample = MeshDataSample(metainfo={'sample_idx': int(value)})
    sample.prompt = InstanceData(
        keypoints=torch.full((1, 30, 2), value, dtype=torch.float64),
        keypoint_scores=torch.full((1, 30), value / 10),
        keypoints_visible=torch.ones(1, 30, dtype=torch.int8),
    )
    return sample


def test_prompt_stacks_samples_in_order():
    prompt = KeypointPrompt.from_samples([_sample(1.0), _sample(2.0)], torch.zeros(1))
    assert prompt.keypoints.shape == (2, 30, 2)
    assert prompt.keypoints[:, 0, 0].tolist() == [1, 2]
    assert {t.dtype for t in (prompt.keypoints, prompt.scores, prompt.visible)} == {torch.float32}


def test_fields_move_and_refuse_other_types():
    sample = _sample(3.0).to(torch.float16)
    assert sample.prompt.keypoints.dtype == torch.float16
    assert sample.sample_idx == 3
    with pytest.raises(AssertionError, match='InstanceData'):
        sample.gt_instances = {'keypoints_2d': 1}


@pytest.mark.parametrize(
    ('field', 'source'), [('prompt', 'KeypointsToPrompt'), ('clean_prompt', 'CleanPrompt')]
)
def test_a_missing_prompt_names_the_transform_it_comes_from(field, source):
    with pytest.raises(ValueError, match=f'no {field}.keypoints; .* transform {source}, which'):
        KeypointPrompt.from_samples([MeshDataSample()], torch.zeros(1), field)
