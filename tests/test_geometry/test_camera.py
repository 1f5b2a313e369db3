import pytest
import torch

from dpmesh_plugin.geometry.camera import (
    PUBLISHED_DEPTH_OFFSET,
    camera_to_translation,
    full_image_translation,
    project,
    unproject,
)


def test_project_convention():
    points = torch.tensor([[[1.0, 2.0, 10.0]], [[1.0, 2.0, 10.0]]])
    principal = torch.tensor([[128.0, 128.0], [0.0, 10.0]])
    expected = torch.tensor([[[138.0, 148.0]], [[20.0, 50.0]]])
    torch.testing.assert_close(project(points, torch.tensor([100.0, 200.0]), principal), expected)
    pair = torch.tensor([[100.0, 50.0], [200.0, 200.0]])
    torch.testing.assert_close(project(points, pair, principal)[0], torch.tensor([[138.0, 138.0]]))


def test_unproject_inverts_project():
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(4, 7, 3, generator=generator, dtype=torch.float64) + 1
    focal = 500 + 100 * torch.rand(4, 2, generator=generator, dtype=torch.float64)
    principal = 100 * torch.rand(4, 2, generator=generator, dtype=torch.float64)
    pixels = project(points, focal, principal)
    torch.testing.assert_close(unproject(pixels, points[..., 2], focal, principal), points)


def test_gradients():
    points = torch.rand(2, 3, 3, dtype=torch.float64).add(1).requires_grad_()
    focal = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    principal = torch.rand(2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(project, (points, focal, principal))
    camera = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(camera_to_translation, (camera, focal))


def test_camera_to_translation_by_hand():
    camera = torch.tensor([[0.1, -0.2, 0.0], [0.1, -0.2, 0.0]])
    result = camera_to_translation(camera, torch.tensor([1000.0, 500.0]))
    torch.testing.assert_close(result[:, 2], torch.tensor([4.8828125, 2.44140625]))
    torch.testing.assert_close(result[:, :2], camera[:, :2])
    halved = camera_to_translation(camera, torch.tensor([1000.0, 500.0]), input_size=512)
    torch.testing.assert_close(halved[:, 2], result[:, 2] / 2)


def test_full_image_translation_by_hand():
    result = full_image_translation(
        torch.tensor([[0.0, 0.0, 10.0]]),
        torch.tensor([[244.0, 44.0, 512.0, 512.0]]),
        torch.tensor([1000.0]),
        torch.tensor([[400.0, 300.0]]),
    )
    torch.testing.assert_close(result, torch.tensor([[0.5, 0.0, 5.0]]))


def test_full_image_translation_keeps_the_place_in_the_picture():
    transl = torch.tensor([[0.3, -0.2, 12.0]], dtype=torch.float64)
    box = torch.tensor([[210.0, 75.0, 320.0, 320.0]], dtype=torch.float64)
    focal = torch.tensor([1400.0], dtype=torch.float64)
    principal = torch.tensor([[320.0, 260.0]], dtype=torch.float64)
    middle = torch.full((1, 2), 128.0, dtype=torch.float64)
    in_crop = project(transl[:, None], focal, middle)[:, 0]
    full = full_image_translation(transl, box, focal, principal)
    in_image = project(full[:, None], focal, principal)[:, 0]
    torch.testing.assert_close(in_crop / 256 * box[:, 2:] + box[:, :2], in_image)


@pytest.mark.parametrize(
    ('points', 'focal', 'principal'),
    [((2, 3, 3), (1,), (2, 2)), ((2, 3, 3), (2,), (2,)), ((3, 3), (3,), (3, 2))],
)
def test_wrong_shapes_are_refused(points, focal, principal):
    with pytest.raises(ValueError, match=r'project expects \(B, K, D\)'):
        project(torch.ones(points), torch.ones(focal), torch.ones(principal))


def test_one_focal_length_for_a_batch_is_refused():
    with pytest.raises(ValueError, match='one focal length per sample'):
        camera_to_translation(torch.zeros(2, 3), torch.ones(1))


def test_published_projection_adds_to_the_depth():
    point = torch.tensor([[[1.0, 1.0, 0.0]]], dtype=torch.float64)
    focal, principal = torch.ones(1, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64)
    pixels = project(point, focal, principal, depth_offset=PUBLISHED_DEPTH_OFFSET)
    torch.testing.assert_close(pixels, torch.full((1, 1, 2), 1e4, dtype=torch.float64))
