import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.transforms import PackMeshInputs
from dpmesh_plugin.registry import TRANSFORMS

TRAIN = [
    {'type': 'RandomScaleRotateFlip'},
    {'type': 'BodyModelKeypoints'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox', 'source': 'annotation', 'margin': (1.0, 1.2)},
    {'type': 'TopdownAffine', 'absent_keypoints': 'zero'},
    {'type': 'RectangleOcclusion'},
    {'type': 'KeypointJitter'},
    {'type': 'RandomChannelScale'},
    {'type': 'SMPLTargets'},
    {'type': 'PackMeshInputs'},
]


def _run(steps: list[dict], results: dict, body_model) -> dict:
    for step in steps:
        extra = {'body_model': body_model} if step['type'] == 'BodyModelKeypoints' else {}
        results = TRANSFORMS.build(step | extra).transform(results)
    return results


def test_packed_training_sample_as_in_the_table(person, body_model):
    packed = _run(TRAIN, person, body_model)
    assert packed['inputs'].shape == (3, 256, 256)
    assert packed['inputs'].dtype == torch.uint8
    sample = packed['data_samples']
    assert {name: tuple(value.shape) for name, value in sample.prompt.items()} == {
        'keypoints': (1, 30, 2),
        'keypoint_scores': (1, 30),
        'keypoints_visible': (1, 30),
    }
    assert {name: tuple(value.shape) for name, value in sample.gt_instances.items()} == {
        'keypoints_2d': (1, 30, 2),
        'keypoints_2d_valid': (1, 30),
        'keypoints_3d': (1, 30, 3),
        'keypoints_3d_valid': (1, 30),
        'fit_keypoints_2d': (1, 30, 2),
        'fit_keypoints_3d': (1, 30, 3),
        'fit_keypoints_valid': (1, 30),
        'global_orient': (1, 3),
        'body_pose': (1, 23, 3),
        'betas': (1, 10),
        'transl': (1, 3),
        'pose_valid': (1, 24),
        'smpl_valid': (1,),
        'visibility': (1, 30),
    }
    floats = [v for name, v in sample.gt_instances.items() if name != 'visibility']
    assert {value.dtype for value in [*floats, *sample.prompt.values()]} == {torch.float32}
    assert sample.gt_instances.visibility.dtype == torch.int8
    assert sample.metainfo.keys() >= {
        *('img_path', 'sample_idx', 'ori_shape', 'input_size', 'warp_mat', 'focal_length'),
        *('principal_point', 'gender', 'keypoint_set', 'bbox_xywh'),
    }
    assert sample.ori_shape == (96, 64)


def test_targets_lie_on_the_picture(person, body_model):
    torch.manual_seed(0)
    sample = _run(TRAIN, person, body_model)['data_samples']
    matrix = sample.warp_mat
    seen = sample.gt_instances.keypoints_2d[0].numpy() - matrix[:, 2]
    original = seen @ np.linalg.inv(matrix[:, :2]).T
    joints = sample.gt_instances.keypoints_3d[0].numpy() + sample.gt_instances.transl[0].numpy()
    joints = joints @ sample.augmentation.turn
    # transl is not the pelvis: the rest pelvis of this body is some 20 cm from its origin
    projected = joints[:, :2] / joints[:, 2:] * sample.focal_length + sample.principal_point
    assert np.abs(projected - original).max() < 15


def test_missing_transform_is_named(person):
    with pytest.raises(KeyError, match='needs input_size, warp_mat; .* TopdownAffine'):
        PackMeshInputs().transform(person)
