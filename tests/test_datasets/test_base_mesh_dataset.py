import pickle
import re

import numpy as np
import pytest

from dpmesh_plugin.registry import DATASETS

LOAD = [{'type': 'LoadMeshImage', 'on_error': 'skip'}]
PACK = [
    *LOAD,
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownAffine', 'input_size': (32, 32)},
    {'type': 'PackMeshInputs'},
]


def test_index_is_one_block_that_every_worker_shares(people):
    dataset = DATASETS.build(people())
    assert isinstance(dataset.data_bytes, np.ndarray)
    assert not dataset.data_list
    again = pickle.loads(pickle.dumps(dataset))
    assert again[1]['sample_idx'] == 101


def test_sample_idx_is_the_annotation_id(people):
    dataset = DATASETS.build(people())
    assert [dataset[index]['sample_idx'] for index in range(4)] == [100, 101, 102, 103]
    assert DATASETS.build(people() | {'indices': [3, 1]})[0]['sample_idx'] == 103


def test_another_pipeline_leaves_the_data_set_alone(people):
    dataset = DATASETS.build(people() | {'pipeline': PACK})
    other = dataset.with_pipeline([*PACK[:-1], {'type': 'KeypointJitter'}, PACK[-1]])
    assert other.data_bytes is dataset.data_bytes
    sources = [each.metainfo['keypoint_source'] for each in (dataset, other)]
    assert sources == ['as annotated', 'as annotated with jitter']
    noisy, plain = (each[1]['data_samples'].prompt.keypoints for each in (other, dataset))
    assert (noisy - plain).abs().max() > 0


def test_changing_a_sample_leaves_the_index_alone(people):
    dataset = DATASETS.build(people() | {'serialize_data': False})
    dataset[0]['keypoints'][:] = -1
    assert (dataset[0]['keypoints'] > 0).all()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'data_root': '/nowhere'}, r'data_root is /nowhere, .*imageFiles/SEQUENCE'),
        ({'ann_file': 'other.json'}, r'ann_file is .*/other.json, which does not exist'),
        ({'data_prefix': {'img_path': 'pictures'}}, r'data_prefix.img_path is .*/pictures'),
        ({'data_prefix': {'img_path': ''}}, r'first image of .* is not at .*street'),
    ],
)
def test_wrong_places_are_named(people, change, message):
    with pytest.raises(FileNotFoundError, match=message):
        DATASETS.build(people() | change)


def test_skipped_sample_stays_in_the_test_and_says_so(people, tmp_path):
    dataset = DATASETS.build(people() | {'pipeline': PACK, 'test_mode': True})
    (tmp_path / 'imageFiles/yard/image_00001.jpg').write_bytes(b'nonsense')
    samples = [dataset[index]['data_samples'] for index in range(4)]
    assert ['skipped' in sample for sample in samples] == [False, False, True, True]
    assert 'image_00001.jpg (8 bytes) cannot be decoded' in samples[2].skipped
    assert 'gt_instances' in samples[0]
    assert 'gt_instances' not in samples[2]
    assert not dataset[2]['inputs'].any()


def test_failure_in_the_pipeline_names_the_sample(people):
    dataset = DATASETS.build(people() | {'pipeline': [PACK[0], PACK[2]]})
    message = (
        'people.json: the pipeline failed on annotation 102, image .*yard/image_00001.jpg: Key'
    )
    with pytest.raises(RuntimeError, match=message):
        dataset[2]


@pytest.mark.parametrize('pipeline', [LOAD, PACK])
def test_skipped_sample_is_replaced_in_training_and_logged(
    people, tmp_path, pipeline, log_messages
):
    dataset = DATASETS.build(people() | {'pipeline': pipeline})
    (tmp_path / 'imageFiles/yard/image_00001.jpg').write_bytes(b'nonsense')
    data = dataset[3]
    path = data['data_samples'].img_path if 'data_samples' in data else data['img_path']
    assert 'yard' not in path
    message = 'another sample takes the place of one: .*image_00001.jpg .8 bytes. cannot be decoded'
    assert re.search(message, '\n'.join(log_messages))
