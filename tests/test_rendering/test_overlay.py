import numpy as np
import pytest
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.rendering import Mesh, add_label, draw_people, render

K = np.array([[100, 0, 50], [0, 100, 40], [0, 0, 1]], np.float64)
# A cuboid 0.4 m wide (x), 1 m high (y), 0.2 m deep (z) around the origin, faces outward.
BOX = np.array([[x, y, z] for z in (-0.1, 0.1) for y in (-0.5, 0.5) for x in (-0.2, 0.2)], 'f4')
BOX_FACES = np.array(
    [
        *([0, 3, 1], [0, 2, 3], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4]),
        *([2, 7, 3], [2, 6, 7], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]),
    ]
)
IMAGE = np.full((80, 96, 3), 200, np.uint8)


def test_people_cover_each_other_by_depth_in_any_order():
    near, far = BOX + np.float32([0, 0, 2.1]), BOX + np.float32([0.1, 0, 4.1])
    red, green = np.float32([1, 0, 0]), np.float32([0, 1, 0])
    first = draw_people(IMAGE, [near, far], BOX_FACES, K, colors=[red, green], alpha=1)
    second = draw_people(IMAGE, [far, near], BOX_FACES, K, colors=[green, red], alpha=1)
    np.testing.assert_array_equal(first, second)
    # The near one spans columns 40..60, the far one (front at z = 4) columns 47.5..57.5.
    assert first[40, 55, 0] > 100
    assert first[40, 55, 1] == 0
    assert (first[5, 5] == 200).all()
    assert (IMAGE == 200).all()


def test_alpha_mixes_with_the_image():
    body = BOX + np.float32([0, 0, 2.1])
    full = draw_people(IMAGE, [body], BOX_FACES, K, colors=[np.float32([1, 0, 0])], alpha=1)
    half = draw_people(IMAGE, [body], BOX_FACES, K, colors=[np.float32([1, 0, 0])], alpha=0.5)
    np.testing.assert_allclose(half, (full.astype(float) + 200) / 2, atol=1)


def test_people_get_distinct_colours():
    left, right = BOX + np.float32([-0.5, 0, 3]), BOX + np.float32([0.5, 0, 3])
    drawn = draw_people(IMAGE, [left, right], BOX_FACES, K).astype(int)
    assert np.abs(drawn[40, 33] - drawn[40, 67]).sum() > 60


@pytest.mark.parametrize('mirrored', [False, True])
def test_a_fast_picture_is_the_same_but_for_its_edges(mirrored):
    people = [BOX + np.float32([-0.3, 0, 2.1]), BOX + np.float32([-0.1, 0, 3.1])]
    intrinsics = np.diag([-1.0, 1, 1]) @ K + [[0, 0, 100], [0, 0, 0], [0, 0, 0]] if mirrored else K
    slow = draw_people(IMAGE, people, BOX_FACES, intrinsics).astype(int)
    quick = draw_people(IMAGE, people, BOX_FACES, intrinsics, fast=True).astype(int)
    away = np.abs(slow - quick).max(axis=2) > 2
    assert away.mean() < 0.1
    assert (np.abs(slow - IMAGE).max(axis=2) > 10).mean() > 0.15
    assert not away[40, 30]
    assert (quick[:, :5] == 200).all() or mirrored


def test_someone_at_the_camera_is_cut_open_and_seen_from_inside():
    body = BOX + np.float32([0, 0, 0.1])
    drawn = draw_people(IMAGE, [body], BOX_FACES, K, alpha=1)
    assert (drawn[40, 48] != 200).any()


def test_labels_fit_and_leave_the_image():
    image = np.full((50, 60, 3), 7, np.uint8)
    for text in ('input', 'a label much longer than its picture is wide'):
        labelled = add_label(image, text)
        assert labelled.shape == (72, 60, 3)
        np.testing.assert_array_equal(labelled[22:], image)
        assert labelled[:22].max() > 150
        assert (labelled[:22, -3:] == 40).all()


def test_a_float_image_is_named():
    with pytest.raises(ValueError, match=r'uint8, got float32 \(80, 96, 3\)'):
        draw_people(IMAGE.astype('f4'), [], BOX_FACES, K)


def test_the_nose_of_a_body_lands_where_projection_says():
    body_model = SMPL()
    output = body_model(
        global_orient=torch.tensor([[2.9, 0.2, 0.1]]),
        body_pose=torch.zeros(1, 23, 3),
        betas=torch.zeros(1, 10),
        transl=torch.tensor([[0.2, 0.7, 2.0]]),
    )
    vertices = output.vertices[0].numpy()
    nose = body_model.landmarks['nose']
    colors = np.zeros_like(vertices)
    colors[nose] = 1
    intrinsics = np.array([[1500, 0, 300], [0, 1400, 260], [0, 0, 1]], np.float64)
    drawn = render([Mesh(vertices, body_model.faces.numpy(), colors)], intrinsics, (640, 480))
    row, column = np.unravel_index(drawn.color[..., 0].argmax(), (480, 640))
    x, y, z = vertices[nose]
    assert abs(column - (1500 * x / z + 300)) < 1
    assert abs(row - (1400 * y / z + 260)) < 1
    assert drawn.depth[row, column] == pytest.approx(z, abs=2e-3)
