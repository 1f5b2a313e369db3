from types import SimpleNamespace

import pytest
import torch
from torch import nn

from dpmesh_plugin.evaluation.true_meshes import true_vertices


def _parameters(number):
    random = torch.Generator().manual_seed(1)
    pose = torch.randn(number, 24, 3, generator=random) * 0.4
    betas = torch.randn(number, 10, generator=random)
    return {'global_orient': pose[:, 0], 'body_pose': pose[:, 1:], 'betas': betas}


@pytest.mark.parametrize('genders', [['male'] * 19, ['female', 'neutral', 'male'] * 6 + ['male']])
def test_it_equals_the_body_model(body, genders):
    parameters = _parameters(19)  # more than are skinned at a time
    vertices = true_vertices(body, parameters, genders)
    expected = body(**parameters, gender=genders).vertices
    torch.testing.assert_close(vertices, expected, atol=2e-6, rtol=0)
    assert vertices.mT.is_contiguous()


def test_another_kind_of_body_model_is_called(body):
    class Blob(nn.Module):
        def forward(self, *, betas, gender, **_pose):
            return SimpleNamespace(vertices=betas.reshape(len(gender), 5, 2))

    parameters = _parameters(2)
    vertices = true_vertices(Blob(), parameters, ['male', 'male'])
    torch.testing.assert_close(vertices, parameters['betas'].view(2, 5, 2))


def test_a_gender_that_was_not_loaded_is_named(body):
    with pytest.raises(KeyError, match="gender 'other' was not loaded; loaded: neutral, male"):
        true_vertices(body, _parameters(1), ['other'])
