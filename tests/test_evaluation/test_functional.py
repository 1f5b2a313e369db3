import numpy as np
import pytest
import torch

from dpmesh_plugin.evaluation.functional import (
    acceleration_errors,
    auc,
    image_errors,
    masked_mean,
    mpjpe,
    mpvpe,
    pa_mpjpe,
    pa_mpvpe,
    pck,
)
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


def test_vertices_are_aligned_by_themselves():
    random = torch.Generator().manual_seed(0)
    target = torch.randn(2, 300, 3, generator=random).double()
    rotation = axis_angle_to_matrix(torch.tensor([0.6, -0.2, 0.3], dtype=torch.float64))
    moved = 0.8 * target @ rotation.mT + torch.tensor([0.1, 2.0, -3.0])
    assert mpvpe(moved, target).min() > 1000
    assert pa_mpvpe(moved, target).max() < 1e-9
    moved[0, 0, 0] += 1
    assert pa_mpvpe(moved, target)[0] > 1


def test_the_layout_of_memory_does_not_matter(joints):
    planes = [points.mT.contiguous().mT for points in joints]
    for function in (mpjpe, pa_mpjpe):
        torch.testing.assert_close(function(*planes), function(*joints), atol=1e-3, rtol=0)


def test_correct_keypoints_by_hand():
    errors = torch.tensor([[0.0, 149.9, 150.0, 400.0], [0.0, 1.0, 2.0, float('nan')]])
    assert pck(errors)[0] == 50
    assert pck(errors, threshold=100)[0] == 25
    assert pck(errors)[1].isnan()


def test_area_under_the_curve_by_hand():
    # 31 thresholds 0, 5, ... 150: 30 are above 0 mm, 29 above 5 mm, none above 150 mm.
    errors = torch.tensor([[0.0, 5.0, 150.0, float('inf')]])
    assert auc(errors).item() == pytest.approx(100 * (30 + 29) / (4 * 31))
    assert auc(torch.tensor([[float('nan'), 1.0]])).isnan()


def test_acceleration_ignores_steady_motion():
    time = torch.arange(3).view(1, 3, 1, 1)
    target = torch.zeros(1, 3, 2, 3)
    steady = time * torch.tensor([0.1, 0.2, 0.3])
    torch.testing.assert_close(acceleration_errors(steady + target, target), torch.zeros(1, 2))
    jump = target.clone()
    jump[0, 1, 1, 2] = 0.001
    assert acceleration_errors(jump, target).tolist() == [[0, pytest.approx(2)]]


def test_distances_in_the_image_are_shares_of_the_longer_side():
    target = torch.tensor([[[10.0, 10.0], [30.0, 50.0]]])
    shares = image_errors(target + torch.tensor([3.0, 4.0]), target)
    torch.testing.assert_close(shares, torch.full((1, 2), 5 / 40))
