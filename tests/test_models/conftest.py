from collections.abc import Callable

import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import MeshDataSample


def _sample(random: torch.Generator, index: int) -> MeshDataSample:
    """A sample with every field, of random numbers; images differ in size from sample to sample."""

    def uniform(*shape: int, scale: float = 1.0) -> torch.Tensor:
        return torch.rand(*shape, generator=random) * scale

    width, height = 640 + 320 * index, 480
    scale = 256 / (200 + 50 * index)
    keypoints = uniform(1, 30, 2, scale=256)
    joints = uniform(1, 30, 3) - 0.5

    def ones() -> torch.Tensor:
        return torch.ones(1, 30)

    return MeshDataSample(
        metainfo={
            'ori_shape': (width, height),
            'input_size': (256, 256),
            'bbox_xywh': (100.0, 50.0, 200.0 + 50 * index, 200.0 + 50 * index),
            'focal_length': (1000.0, 1000.0),
            'principal_point': (width / 2, height / 2),
            'warp_mat': ((scale, 0.0, -100 * scale), (0.0, scale, -50 * scale)),
            'gender': 'neutral',
        },
        prompt=InstanceData(keypoints=keypoints, keypoint_scores=ones(), keypoints_visible=ones()),
        gt_instances=InstanceData(
            keypoints_2d=keypoints + 1,
            keypoints_2d_valid=ones(),
            keypoints_3d=joints,
            keypoints_3d_valid=ones(),
            fit_keypoints_2d=keypoints + 2,
            fit_keypoints_3d=joints + 0.01,
            fit_keypoints_valid=ones(),
            global_orient=uniform(1, 3),
            body_pose=uniform(1, 23, 3, scale=0.3),
            betas=uniform(1, 10),
            transl=uniform(1, 3),
            pose_valid=torch.ones(1, 24),
            smpl_valid=torch.ones(1),
        ),
    )


@pytest.fixture
def make_samples() -> Callable[[int], list[MeshDataSample]]:
    """A function that gives the first N of a fixed row of samples."""

    def make(count: int) -> list[MeshDataSample]:
        random = torch.Generator().manual_seed(0)
        return [_sample(random, index) for index in range(count)]

    return make


@pytest.fixture(scope='session')
def open_body() -> SMPL:
    return SMPL()


@pytest.fixture
def tiny_head(open_body) -> dict:
    """Config of a small token head."""
    transformer = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 32}
    return {
        'type': 'SMPLTokenHead',
        'in_channels': 12,
        'body_model': open_body,
        'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8},
        'volume': {'type': 'FeatureVolume', 'channels': 16, 'size': (4, 4, 4), **transformer},
        'image_transformer': {'type': 'ImageTransformer', **transformer},
        'decoder': {'type': 'TokenDecoder', **transformer, 'num_layers': 2},
    }
