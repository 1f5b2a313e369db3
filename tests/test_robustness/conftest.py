import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from torch import nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.robustness import METRICS, Subject
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset

FULL_PROMPT = 30


class Caricaturist(nn.Module):
    """Predicts the true body, the larger the less it is told.

    Every keypoint that is missing makes it grow by one percent, a grey pixel at ``weak_spot`` of
    the crop by half.
    """

    def __init__(self, body: SMPL, weak_spot: tuple[int, int] = (60, 60)) -> None:
        super().__init__()
        self.body, self.weak_spot = body, weak_spot

    def test_step(self, batch: dict) -> list:
        for image, sample in zip(batch['inputs'], batch['data_samples'], strict=True):
            truth = sample.gt_instances
            parameters = {
                name: torch.as_tensor(truth[name])
                for name in ('global_orient', 'body_pose', 'betas')
            }
            vertices = self.body(**parameters, gender=sample.gender).vertices
            missing = FULL_PROMPT - torch.as_tensor(sample.prompt.keypoints_visible).sum()
            column, row = self.weak_spot
            blinded = bool((image[:, row, column] == 128).all())
            scale = 1 + 0.01 * missing + 0.5 * blinded
            sample.pred_instances = InstanceData(vertices=vertices * scale)
        return batch['data_samples']


@pytest.fixture(scope='session')
def body() -> SMPL:
    return SMPL(genders=('neutral', 'male', 'female'))


@pytest.fixture(scope='session')
def synth_oc(tmp_path_factory):
    """A folder with a SynthOC of a few small pictures."""
    folder = tmp_path_factory.mktemp('synth_oc')
    write_dataset(
        folder, DatasetRequest(train=0, test=4, seed=2, image_size=96, supersample=1), workers=1
    )
    return folder


@pytest.fixture
def dataset(synth_oc):
    steps = ('LoadMeshImage', 'KeypointsToPrompt', 'CropBox', 'TopdownAffine', 'PackMeshInputs')
    return DATASETS.build(
        {
            'type': 'PW3DDataset',
            'data_root': str(synth_oc),
            'ann_file': 'synth_oc_test.json',
            'pipeline': [{'type': name} for name in steps],
            'with_neighbours': True,
            'test_mode': True,
        }
    )


@pytest.fixture
def metric(body, dataset):
    metric = MeshMetric(body_model=body, metrics=METRICS)
    metric.dataset_meta = dataset.metainfo
    return metric


@pytest.fixture
def subject(body, dataset, metric) -> Subject:
    return Subject(
        model=Caricaturist(body), dataset=dataset, metric=metric, indices=[0, 2], batch_size=5
    )


@pytest.fixture
def person() -> dict:
    """A person between prompt and crop, whose box is (100, 100) to (200, 300) of 400 px."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform((100, 100), (200, 300), (30, 2)).astype(np.float32)
    return {
        'img': np.full((400, 400, 3), 7, np.uint8),
        'sample_idx': 3,
        'ori_shape': (400, 400),
        'bbox_xywh': np.array([100, 100, 100, 200], np.float32),
        'prompt_keypoints': keypoints.copy(),
        'prompt_scores': np.full(30, 0.8, np.float32),
        'prompt_visible': np.ones(30, np.float32),
        'prompt_known': np.ones(30, bool),
        'prompt_set': 'dpmesh_30',
        'keypoints_2d': keypoints.copy(),
        'keypoints_2d_valid': np.ones(30, np.float32),
        'visibility': np.zeros(30, np.int8),
    }
