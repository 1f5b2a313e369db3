import numpy as np
import pytest

from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.utils.config import load_config

JOINTS = np.arange(51.0).reshape(17, 3)


def _add(content, **changes):
    content.setdefault('info', {})['keypoint_sources'] = {'rtmpose': {'keypoint_set': 'coco_17'}}
    for annotation in content['annotations'][:-1]:
        annotation['keypoint_sources'] = {'rtmpose': JOINTS.ravel().tolist()}
    content['annotations'][0].update(changes)


def test_a_source_in_the_file_is_chosen_by_its_name(people):
    dataset = DATASETS.build({**people(_add), 'keypoint_source': 'rtmpose'})
    info = dataset.get_data_info(0)
    assert info['keypoint_set'] == 'coco_17'
    np.testing.assert_array_equal(info['keypoints'], JOINTS[:, :2])
    np.testing.assert_array_equal(info['keypoint_scores'], JOINTS[:, 2])
    missed = dataset.get_data_info(len(dataset) - 1)
    assert not missed['keypoint_scores'].any()
    assert dataset.metainfo['keypoint_source'] == 'rtmpose'
    assert DATASETS.build(people(_add)).get_data_info(0)['keypoint_set'] == 'openpose_18'


def test_a_file_without_info_may_have_sources(people):
    def bare(content):
        del content['info']
        _add(content)

    dataset = DATASETS.build({**people(bare), 'keypoint_source': 'rtmpose'})
    assert dataset.metainfo['dataset_name'] == '3DPW'
    assert dataset.metainfo['keypoint_source'] == 'rtmpose'


def test_an_unknown_source_lists_those_of_the_file(people):
    message = "'hrnet'; known: openpose, higherhrnet, rtmpose. tools/dataset_converters/detect_key"
    with pytest.raises(KeyError, match=message):
        DATASETS.build({**people(_add), 'keypoint_source': 'hrnet'})


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ([1.0] * 42, r"annotation 100: the keypoints of 'rtmpose' must be 51 .* coco_17, got 42"),
        ([float('nan')] * 51, 'must be 51 finite numbers'),
    ],
)
def test_wrong_keypoints_are_named(values, message, people):
    def edit(content):
        _add(content, keypoint_sources={'rtmpose': values})

    with pytest.raises(ValueError, match=message):
        DATASETS.build({**people(edit), 'keypoint_source': 'rtmpose'})


@pytest.mark.parametrize(
    ('pipeline', 'name'),
    [
        ([{'type': 'KeypointsToPrompt'}], 'rtmpose'),
        ([{'type': 'KeypointsToPrompt', 'source': 'annotation'}], 'ground truth'),
        (
            [{'type': 'KeypointsToPrompt', 'source': 'annotation'}, {'type': 'PoseFixNoise'}],
            'ground truth with errors of PoseFix',
        ),
        ([{'type': 'KeypointsToPrompt'}, {'type': 'KeypointJitter'}], 'rtmpose with jitter'),
    ],
)
def test_results_name_what_the_pipeline_gives_to_the_model(pipeline, name, people):
    config = {**people(_add), 'keypoint_source': 'rtmpose', 'pipeline': pipeline}
    assert DATASETS.build({**config, 'lazy_init': True}).metainfo['keypoint_source'] == name


@pytest.mark.parametrize(
    ('row', 'name'),
    [
        ('base', 'as annotated'),
        ('keypoints_noisy', 'as annotated'),
        ('keypoints_truth', 'ground truth'),
        ('keypoints_detector', 'detector'),
    ],
)
def test_rows_of_the_ablations_name_their_keypoints(row, name, people, repo_root):
    def edit(content):
        _add(content)
        content['info']['keypoint_sources']['detector'] = {'keypoint_set': 'coco_17'}

    cfg = load_config(repo_root / 'configs' / 'ablations' / f'{row}.py')
    place = {key: people(edit)[key] for key in ('data_root', 'ann_file')}
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, **place})
    assert dataset.metainfo['keypoint_source'] == name
