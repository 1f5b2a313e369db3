import torch

from dpmesh_plugin.registry import DATASETS, FUNCTIONS

PIPELINE = [
    {'type': 'RandomScaleRotateFlip'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox', 'margin': (1.0, 1.2)},
    {'type': 'TopdownCoordinates', 'absent_keypoints': 'zero'},
    {'type': 'PackMeshInputs', 'image': False},
]


def _build(people, **options):
    dataset = people() | {'pipeline': PIPELINE}
    return DATASETS.build({'type': 'PreparedDataset', 'dataset': dataset, **options})


def _keypoints(item):
    return item['data_samples'].prompt.keypoints


def test_views_are_met_in_turn_and_prepared_once(people):
    prepared = _build(people, views=2)
    count = len(prepared)
    assert count == 4
    assert prepared.metainfo['body_model_id']
    epochs = [prepared[epoch * count + 1] for epoch in range(4)]
    assert epochs[2] is epochs[0]
    assert epochs[3] is epochs[1]
    assert not torch.equal(_keypoints(epochs[0]), _keypoints(epochs[1]))


def test_the_same_views_in_another_process(people):
    first, second = (_build(people, views=3, lazy_init=True) for _ in range(2))
    first.full_init()
    second.full_init()
    for index in (0, 5, 11):
        assert torch.equal(_keypoints(first[index]), _keypoints(second[index]))
    assert first.get_data_info(2)['sample_idx'] == 102


def test_a_batch_without_pictures(people):
    prepared = _build(people)
    batch = FUNCTIONS.get('mesh_collate')([prepared[0], prepared[1]])
    assert list(batch) == ['data_samples']
    assert [sample.sample_idx for sample in batch['data_samples']] == [100, 101]
