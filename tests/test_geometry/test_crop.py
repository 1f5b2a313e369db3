import pytest
import torch

from dpmesh_plugin.geometry.affine import crop_affine
from dpmesh_plugin.geometry.crop import (
    crop_box,
    crop_projection,
    crop_turn,
    crop_view,
    nearest_points,
    ray_rotation,
)

FOCAL = torch.tensor([[300.0, 320.0]]).double()
CENTRE = torch.tensor([[127.5, 119.5]]).double()


def _warp(mirror_width=None, rotation=0.0):
    box = (150.0, 40.0, 60.0, 60.0)
    matrix, _ = crop_affine(
        box, (128, 128), scale=1.0, rotation=rotation, mirror_width=mirror_width
    )
    return torch.from_numpy(matrix)[None]


def test_a_ray_by_hand():
    half = 0.5**0.5
    expected = [[half, 0, half], [0, 1, 0], [-half, 0, half]]
    assert ray_rotation(torch.tensor([[2.0, 0.0, 2.0]]))[0].tolist() == [
        pytest.approx(row, abs=1e-6) for row in expected
    ]


def test_the_rotation_brings_the_optical_axis_onto_the_ray_by_the_least_turn():
    ray = torch.tensor([[0.6, -0.3, 1.7]]).double()
    rotation = ray_rotation(ray)
    torch.testing.assert_close(rotation[:, :, 2], ray / ray.norm())
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).double()[None])
    axis = torch.linalg.cross(torch.tensor([[0.0, 0.0, 1.0]]).double(), ray)
    torch.testing.assert_close((rotation @ axis[..., None])[..., 0], axis)


def test_rays_have_gradients():
    ray = torch.tensor([[0.6, -0.3, 1.7]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ray_rotation, ray)


@pytest.mark.parametrize(
    ('rays', 'message'),
    [(torch.ones(3), r'rays \(B, 3\), got \(3,\)'), (-torch.ones(1, 3), 'one of depth -1')],
)
def test_a_ray_needs_three_numbers_and_leads_forward(rays, message):
    with pytest.raises(ValueError, match=message):
        ray_rotation(rays)


def test_a_point_in_a_crop_of_half_size():
    warp = torch.tensor([[[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]])
    projection = crop_projection(warp, torch.full((1, 2), 100.0), torch.full((1, 2), 128.0))
    u, v, depth = (projection[0] @ torch.tensor([1.0, 2.0, 10.0])).tolist()
    assert (u / depth, v / depth) == pytest.approx((69, 74))


@pytest.mark.parametrize('mirror_width', [None, 256])
def test_what_turns_with_the_crop_stays_in_its_pixel(mirror_width):
    """The same point in the camera's axes through image and warp, and in the turned axes."""
    warp = _warp(mirror_width, rotation=30.0)
    point = torch.tensor([0.4, -0.3, 3.0]).double()
    pixel = point[:2] / point[2] * FOCAL[0] + CENTRE[0]
    expected = warp[0, :, :2] @ pixel + warp[0, :, 2]
    turned = crop_turn(warp)[0] @ point
    projected = crop_projection(warp, FOCAL, CENTRE)[0] @ turned
    torch.testing.assert_close(projected[:2] / projected[2], expected)


def test_turn_is_the_orthogonal_polar_factor():
    warps = torch.randn(50, 2, 3, generator=torch.Generator().manual_seed(0)).double()
    left, _, right = torch.linalg.svd(warps[:, :, :2])
    torch.testing.assert_close(crop_turn(warps)[:, :2, :2], left @ right)


@pytest.mark.parametrize('mirror_width', [None, 256])
def test_a_view_looks_at_the_centre_of_the_crop(mirror_width):
    warp = _warp(mirror_width, rotation=-20.0)
    centre = torch.full((1, 2), 64.0).double()
    ahead = crop_view(warp, FOCAL, CENTRE, centre) @ torch.tensor([0.0, 0.0, 1.0]).double()
    projected = crop_projection(warp, FOCAL, CENTRE) @ ahead[..., None]
    torch.testing.assert_close(projected[:, :2, 0] / projected[:, 2], centre)


def test_a_mirrored_crop_is_seen_from_the_mirrored_side():
    centre = torch.full((1, 2), 63.5).double()
    principal_point = torch.full((1, 2), 127.5).double()
    plain, mirrored = (
        crop_view(_warp(width), FOCAL, principal_point, centre)[0, :, 2] for width in (None, 256)
    )
    assert plain[0] > 0.1
    torch.testing.assert_close(mirrored, plain * torch.tensor([-1, 1, 1]), atol=5e-3, rtol=0)


def test_the_nearest_point_of_a_cell_wins():
    pixels = torch.tensor([[[3.6, 0.0], [4.0, 1.0], [0.0, 0.0], [9.0, 0.0], [0.0, 7.0]]])
    depth = torch.tensor([[2.0, 1.5, 3.0, 1.0, -1.0]])
    found = nearest_points(pixels, depth, size=2, stride=4.0)
    # Points 3 and 4 lie outside of the grid and behind the camera.
    assert found.tolist() == [[[2, 1], [-1, -1]]]


def test_crop_box_by_hand():
    warp = torch.tensor([[[0.5, 0.0, -50.0], [0.0, 0.5, 0.0]]])
    mirrored = torch.tensor([[[-0.5, 0.0, 306.0], [0.0, 0.5, 0.0]]])
    boxes = [
        crop_box(each, torch.tensor([[300.0, 256.0]]), input_size=256)[0].tolist()
        for each in (warp, mirrored)
    ]
    assert boxes == [[-200, -256, 512, 512], [-312, -256, 512, 512]]
