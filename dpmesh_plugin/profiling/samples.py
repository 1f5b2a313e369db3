"""Made-up people with every field that a model may ask for."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from dpmesh_plugin.structures import MeshBatch, MeshDataSample, get_keypoint_set

IMAGE_SIZE = (1920, 1080)
BOX_XYWH = (700.0, 200.0, 600.0, 600.0)
FOCAL_LENGTH = 2000.0
INPUT_SIZE = 256


def crop_size(model: Mapping[str, Any]) -> int:
    """Side of the crops that a config of an estimator is made for, px."""
    return model.get('head', {}).get('input_size', INPUT_SIZE)


def random_batch(
    batch_size: int,
    *,
    input_size: int = INPUT_SIZE,
    keypoint_set: str = 'dpmesh_30',
    seed: int = 0,
    latent_shape: tuple[int, int, int] | None = None,
) -> dict[str, Tensor | MeshBatch]:
    """A batch as a data loader gives it: crops of noise, and people who are not in them.

    Args:
        batch_size: Number of people.
        input_size: Side of the crops, px.
        keypoint_set: Set of the prompt and of the ground truth.
        seed: Seed of the first person, one less than that of the second, and so on: a larger batch
            begins like a smaller one.
        latent_shape: (C, h, w) of encoded crops, to be given in the place of crops.

    Returns:
        ``inputs``: crops (B, 3, S, S) uint8, or ``latents`` (B, C, h, w); ``data_samples``: with
        prompt, ground truth and metainfo.
    """
    crops, samples = [], []
    for index in range(batch_size):
        random = torch.Generator().manual_seed(seed + index)
        size = (3, input_size, input_size)
        crops.append(torch.randint(0, 256, size, dtype=torch.uint8, generator=random))
        samples.append(_random_sample(random, input_size, keypoint_set))
    batch = MeshBatch.stack(samples)
    if latent_shape is not None:
        return {'latents': torch.randn(batch_size, *latent_shape), 'data_samples': batch}
    return {'inputs': torch.stack(crops), 'data_samples': batch}


def _random_sample(random: torch.Generator, input_size: int, keypoint_set: str) -> MeshDataSample:
    count = get_keypoint_set(keypoint_set).num
    scale = input_size / BOX_XYWH[2]
    keypoints = torch.rand(1, count, 2, generator=random) * input_size
    joints = torch.rand(1, count, 3, generator=random) - 0.5
    every = torch.ones(1, count)
    return MeshDataSample(
        metainfo={
            'ori_shape': IMAGE_SIZE,
            'input_size': (input_size, input_size),
            'bbox_xywh': BOX_XYWH,
            'warp_mat': ((scale, 0.0, -scale * BOX_XYWH[0]), (0.0, scale, -scale * BOX_XYWH[1])),
            'focal_length': (FOCAL_LENGTH, FOCAL_LENGTH),
            'principal_point': (IMAGE_SIZE[0] / 2, IMAGE_SIZE[1] / 2),
            'gender': 'neutral',
            'keypoint_set': keypoint_set,
        },
        prompt=InstanceData(keypoints=keypoints, keypoint_scores=every, keypoints_visible=every),
        clean_prompt=InstanceData(
            keypoints=keypoints, keypoint_scores=every, keypoints_visible=every
        ),
        gt_instances=InstanceData(
            keypoints_2d=keypoints,
            keypoints_2d_valid=every,
            keypoints_3d=joints,
            keypoints_3d_valid=every,
            fit_keypoints_2d=keypoints,
            fit_keypoints_3d=joints,
            fit_keypoints_valid=every,
            **_random_body(random),
        ),
    )


def _random_body(random: torch.Generator) -> dict[str, Tensor]:
    return {
        'global_orient': torch.rand(1, 3, generator=random),
        'body_pose': torch.rand(1, 23, 3, generator=random) * 0.3,
        'betas': torch.rand(1, 10, generator=random),
        'transl': torch.tensor([[0.0, 0.0, 5.0]]),
        'pose_valid': torch.ones(1, 24),
        'smpl_valid': torch.ones(1),
    }
