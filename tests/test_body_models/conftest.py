import pytest
import torch

from dpmesh_plugin.body_models import SMPL

SIZES = {'global_orient': (3,), 'body_pose': (23, 3), 'betas': (10,), 'transl': (3,)}


def _random_parameters(batch, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return {
        name: 0.6 * torch.randn(batch, *size, generator=generator, dtype=dtype)
        for name, size in SIZES.items()
    }


@pytest.fixture(scope='session')
def random_parameters():
    """A function: batch size to the parameters of that many bodies, always the same."""
    return _random_parameters


@pytest.fixture(scope='session')
def body():
    return SMPL(genders=('neutral', 'male', 'female'))
