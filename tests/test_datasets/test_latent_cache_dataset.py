import json

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose

from dpmesh_plugin.datasets import LatentCacheDataset, mesh_collate
from dpmesh_plugin.datasets.transforms.randomness import draw_number
from dpmesh_plugin.registry import DATASETS

SHAPE = (4, 6, 6)


@pytest.fixture
def fixed():
    """The part of a training pipeline up to the crop."""
    return [
        {'type': 'LoadMeshImage', 'on_error': 'skip'},
        {'type': 'RandomScaleRotateFlip'},
        {
            'type': 'BodyModelKeypoints',
            'body_model': {'type': 'SMPL', 'genders': ('neutral', 'male', 'female')},
        },
        {'type': 'SMPLTargets'},
        {'type': 'KeypointsToPrompt'},
        {'type': 'CropBox', 'margin': (1.0, 1.2)},
        {'type': 'TopdownAffine', 'absent_keypoints': 'zero', 'input_size': (48, 48)},
        {'type': 'RectangleOcclusion', 'prob': 0.5},
        {'type': 'RandomChannelScale'},
    ]


@pytest.fixture
def config(people, fixed):
    """A cached data set of four people in three views, with latents of made-up numbers."""
    return {
        'type': 'LatentCacheDataset',
        'dataset': {**people(), 'pipeline': fixed},
        'cache': 'latents',
        'views': 3,
    }


def write(config, skipped=(), **facts):
    dataset = LatentCacheDataset(
        **{name: value for name, value in config.items() if name != 'type'}, lazy_init=True
    )
    dataset.dataset.full_init()
    shape = (dataset.views, len(dataset), *SHAPE)
    dataset.file.folder.mkdir(exist_ok=True)
    latents = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.save(dataset.file.array_path, latents)
    facts = {'encoder': 'abc', 'shape': list(shape), 'skipped': list(skipped), **facts}
    dataset.file.finish(dataset.describe(), **facts)
    return latents


def uncached(config, index):
    """What the same pipeline makes of an index without a cache."""
    pipeline = [*config['dataset']['pipeline'], {'type': 'PackMeshInputs'}]
    return DATASETS.build({**config['dataset'], 'pipeline': pipeline})[index]


def assert_equal_samples(sample, expected):
    for name in ('prompt', 'gt_instances'):
        for field, value in getattr(expected, name).items():
            torch.testing.assert_close(
                getattr(sample, name)[field], value, rtol=0, atol=0, msg=field
            )
    np.testing.assert_array_equal(sample.warp_mat, expected.warp_mat)


def test_views_are_the_first_epochs_and_come_in_turn(config):
    latents = write(config)
    dataset = DATASETS.build(config)
    assert len(dataset) == 4
    assert dataset.metainfo['dataset_name'] == 'SynthOC'
    for epoch in range(4):
        draw = draw_number(seed=0, epoch=epoch)
        view = draw % 3
        item = dataset[draw * len(dataset) + 2]
        np.testing.assert_array_equal(item['latents'], latents[view, 2])
        assert_equal_samples(
            item['data_samples'], uncached(config, (1 + view) * 4 + 2)['data_samples']
        )
    assert 'inputs' not in item


def test_crop_is_that_of_the_pipeline(config):
    write(config)
    dataset = DATASETS.build(config)
    crop = dataset.crop(1 * 4 + 3)
    torch.testing.assert_close(crop, uncached(config, 2 * 4 + 3)['inputs'], rtol=0, atol=0)


def test_what_is_drawn_on_top_is_new_every_epoch(config):
    config['pipeline'] = [{'type': 'KeypointJitter', 'sigma': 0.1}, {'type': 'PackMeshInputs'}]
    config['views'] = 1
    write(config)
    dataset = DATASETS.build(config)
    first, again, other = (
        dataset[draw_number(0, epoch) * 4]['data_samples'] for epoch in (0, 0, 1)
    )
    torch.testing.assert_close(first.prompt.keypoints, again.prompt.keypoints)
    assert (first.prompt.keypoints - other.prompt.keypoints).abs().max() > 1
    torch.testing.assert_close(first.gt_instances.keypoints_2d, other.gt_instances.keypoints_2d)


def test_keypoint_errors_of_both_pipelines_are_named(config):
    config['dataset']['pipeline'] += [{'type': 'PoseFixNoise'}]
    config['pipeline'] = [{'type': 'KeypointJitter'}, {'type': 'PackMeshInputs'}]
    write(config)
    dataset = DATASETS.build(config)
    name = 'as annotated with errors of PoseFix with jitter'
    assert dataset.metainfo['keypoint_source'] == name
    assert 'inputs' not in dataset[0]
    assert dataset.crop(0).any()
    assert dataset.metainfo['keypoint_source'] == name


def test_a_skipped_person_is_replaced_by_the_next(config):
    latents = write(config, skipped=[3, 0])
    item = DATASETS.build(config)[draw_number(0, 0) * 4 + 3]
    np.testing.assert_array_equal(item['latents'], latents[1, 1])
    assert item['data_samples'].sample_idx == 101


def test_batches_hold_latents_or_crops(config):
    write(config)
    items = [DATASETS.build(config)[index] for index in (0, 1)]
    assert mesh_collate(items)['latents'].shape == (2, *SHAPE)
    with pytest.raises(ValueError, match='got inputs, data_samples and latents, data_samples'):
        mesh_collate([items[0], uncached(config, 0)])


def test_a_cache_of_something_else_is_refused(config):
    with pytest.raises(FileNotFoundError, match=r'latents\.json; write it with .*cache_latents'):
        DATASETS.build(config)
    write(config)
    changed = json.loads(json.dumps(config))
    changed['dataset']['pipeline'][7]['prob'] = 0.25
    with pytest.raises(ValueError, match=r"pipeline: in the cache .*'prob': 0.5.*'prob': 0.25"):
        DATASETS.build(changed)
    with pytest.raises(ValueError, match='views: in the cache 3, in the config 2'):
        DATASETS.build({**config, 'views': 2})
    with pytest.raises(ValueError, match='people: in the cache .*count'):
        DATASETS.build({**config, 'dataset': {**config['dataset'], 'indices': 3}})
    write(config, shape=[3, 4, 4, 6, 7])
    with pytest.raises(ValueError, match='the two do not belong together'):
        DATASETS.build(config)


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('openpose_result', [41.5, 30.0, 1.0] * 18),
        ('bbox', [30, 8, 32, 51]),
        ('smpl_param', {'pose': [0.5] * 72, 'shape': [0] * 10, 'trans': [0, 0, 3], 'gender': 'f'}),
    ],
)
def test_a_cache_of_the_annotations_before_an_edit_is_refused(config, people, field, value):
    write(config)
    people(lambda content: content['annotations'][1].update({'note': 'nothing reads this'}))
    assert len(DATASETS.build(config)) == 4
    people(lambda content: content['annotations'][1].update({field: value}))
    with pytest.raises(ValueError, match=r'people: in the cache .*\nWrite it anew with python'):
        DATASETS.build(config)


def test_the_pipeline_begins_with_the_image(config):
    config['dataset']['pipeline'] = config['dataset']['pipeline'][1:]
    with pytest.raises(ValueError, match=r"begins with LoadMeshImage, got \['RandomScale"):
        DATASETS.build(config)


def test_every_process_opens_the_array_itself(config):
    write(config)
    dataset = DATASETS.build(config)
    assert dataset[0]['latents'].shape == SHAPE
    assert 'latents' not in dataset.file.__getstate__()
    assert isinstance(dataset.pipeline, Compose)
