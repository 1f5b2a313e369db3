from collections.abc import Callable

import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import MeshDataSample

GENDERS = ('neutral', 'male', 'female')


@pytest.fixture(scope='session')
def body() -> SMPL:
    return SMPL(genders=GENDERS)


@pytest.fixture(scope='session')
def make_samples(body) -> Callable[[int], list[dict]]:
    """Persons whose predictions are their own bodies in another pose, 4 m before the camera.

    They stand in two sequences of two persons each, one frame after the other.
    """

    def make(number: int) -> list[dict]:
        random = torch.Generator().manual_seed(3)
        return [_sample(body, index, random) for index in range(number)]

    return make


@pytest.fixture(scope='session')
def samples(make_samples) -> list[dict]:
    return make_samples(10)


def _sample(body: SMPL, index: int, random: torch.Generator) -> dict:
    pose = torch.randn(2, 24, 3, generator=random) * 0.2
    betas = torch.randn(1, 10, generator=random)
    gender = GENDERS[index % 3]
    with torch.no_grad():
        predicted = body(
            global_orient=pose[1:, 0], body_pose=pose[1:, 1:], betas=betas, gender=gender
        )
    codes = torch.randint(0, 6, (1, 30), generator=random, dtype=torch.int8)
    sample = MeshDataSample(
        metainfo={
            'sample_idx': index,
            'gender': gender,
            'img_path': 'a.jpg',
            'occlusion': index / 10,
            'sequence': f'walk_{index // 6}',
            'track_id': index % 2,
            'frame_idx': index // 2,
            'focal_length': (1000.0, 1100.0),
            'principal_point': (500.0, 400.0),
        }
    )
    place = torch.tensor([[0.1, -0.2, 4.0]])
    sample.gt_instances = InstanceData(
        global_orient=pose[:1, 0].numpy(),
        body_pose=pose[:1, 1:],
        betas=betas,
        transl=place,
        visibility=codes,
    )
    pelvis = body.regress(predicted.vertices, 'smpl_24')[:, 0]
    sample.pred_instances = InstanceData(
        vertices=predicted.vertices - pelvis[:, None], pelvis=pelvis, transl_full=place + 0.01
    )
    return sample.to_dict()
