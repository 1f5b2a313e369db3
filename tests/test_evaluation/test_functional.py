import numpy as np
import pytest
import torch

from dpmesh_plugin.evaluation.functional import masked_mean, mpjpe, mpvpe, pa_mpjpe
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix
from dpmesh_plugin.structures import keypoint_map

LIMIT_MM = 0.01  # asked for; float32 input carries about 1e-4 mm


@pytest.fixture(scope='module')
def published(shared_dir):
    with np.load(shared_dir / 'parity' / 'metrics.npz', allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope='module', params=[torch.float32, torch.float64])
def joints(request, published):
    return [
        torch.from_numpy(published[key]).to(request.param)
        for key in ('pred_joints14', 'gt_joints14')
    ]


@pytest.mark.parametrize('function', [mpjpe, pa_mpjpe])
def test_every_sample_has_the_published_error(function, joints, published):
    errors = function(*joints)
    assert errors.shape == (16,)
    np.testing.assert_allclose(errors, published[function.__name__], atol=LIMIT_MM)


@pytest.mark.parametrize('function', [mpjpe, pa_mpjpe])
def test_visible_and_hidden_joints_have_the_published_errors(function, joints, published):
    indices = keypoint_map('dpmesh_30', 'h36m_14')
    visible = torch.from_numpy(published['joints_mask'][:, indices, 0]) > 0
    for mask, key in ((visible, 'visable'), (~visible, 'invisable')):
        errors = function(*joints, mask)
        expected = published[f'{function.__name__}_{key}']
        np.testing.assert_allclose(errors, expected, atol=LIMIT_MM, equal_nan=True)
    assert np.isnan(function(*joints, ~visible)[11])


def test_errors_are_millimetres():
    source = torch.zeros(1, 4, 3)
    target = source + torch.tensor([0.003, 0, 0.004])
    assert mpjpe(source, target).item() == pytest.approx(5)
    assert mpvpe(source, target).item() == pytest.approx(5)


def test_alignment_removes_similarities_but_not_mirroring():
    target = torch.randn(2, 14, 3, generator=torch.Generator().manual_seed(0)).double()
    rotation = axis_angle_to_matrix(torch.tensor([0.6, -0.2, 0.3], dtype=torch.float64))
    moved = 1.7 * target @ rotation.mT + torch.tensor([0.1, 2.0, -3.0])
    assert pa_mpjpe(moved, target).max() < 1e-9
    mirrored = target * torch.tensor([-1.0, 1.0, 1.0])
    assert pa_mpjpe(mirrored, target).min() > 100


def test_a_batch_equals_its_samples(joints):
    together = pa_mpjpe(*joints)
    alone = torch.cat([pa_mpjpe(a[None], b[None]) for a, b in zip(*joints, strict=True)])
    torch.testing.assert_close(together, alone)


def test_masked_mean_counts_what_the_mask_keeps():
    errors = torch.tensor([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]])
    mask = torch.tensor([[1, 1, 0], [0, 0, 0]])
    result = masked_mean(errors, mask)
    assert result[0] == 1.5
    assert result[1].isnan()


def test_sets_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r'predicted \(2, 17, 3\) and target \(2, 14, 3\)'):
        mpjpe(torch.zeros(2, 17, 3), torch.zeros(2, 14, 3))
    with pytest.raises(ValueError, match=r'\(B, K, 3\), got predicted \(14, 3\)'):
        pa_mpjpe(torch.zeros(14, 3), torch.zeros(14, 3))
