import numpy as np
import pytest

from dpmesh_plugin.rendering import PERSON_COLORS, Light, person_color, shade, vertex_normals
from dpmesh_plugin.rendering.shading import front_faces

TETRAHEDRON = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
OUTWARD = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def test_normals_by_hand():
    normals = vertex_normals(TETRAHEDRON, OUTWARD)
    # Vertex 0 touches the three coordinate planes; vertex 1 two of them and the slope (1, 1, 1).
    np.testing.assert_allclose(normals[0], -np.ones(3) / np.sqrt(3), atol=1e-6)
    np.testing.assert_allclose(normals[1], [1, 0, 0], atol=1e-6)
    assert normals.dtype == np.float32


def test_a_face_towards_the_camera_has_a_normal_towards_it():
    vertices = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [5, 5, 5]], np.float32)
    normals = vertex_normals(vertices, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(normals[:3], [[0, 0, -1]] * 3)
    np.testing.assert_allclose(normals[3], 0)


def test_normals_are_weighted_by_area_and_turn_with_the_mesh():
    large = TETRAHEDRON * np.float32([1, 3, 1])
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    expected = vertex_normals(large, OUTWARD)
    np.testing.assert_allclose(expected[0], -np.array([3, 1, 3]) / np.sqrt(19), atol=1e-6)
    np.testing.assert_allclose(
        vertex_normals(large @ turn.T, OUTWARD), expected @ turn.T, atol=1e-6
    )


def test_shade_by_hand():
    light = Light((0, 0, -2), (0.5, 0.4, 0.3), wrap=0)
    vertices = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1]], np.float32)
    colors = shade(vertices, np.array([[0, 1, 2]]), (1, 0.5, 1), [light], ambient=(0.1, 0.2, 0.3))
    np.testing.assert_allclose(colors, [[0.6, 0.3, 0.6]] * 3, atol=1e-6)
    away = shade(vertices, np.array([[0, 2, 1]]), (1, 0.5, 1), [light], ambient=(0.1, 0.2, 0.3))
    np.testing.assert_allclose(away, [[0.1, 0.1, 0.3]] * 3, atol=1e-6)


def test_the_studio_leaves_albedo_its_hue_and_stays_in_range():
    albedo = np.random.default_rng(0).random((4, 3), np.float32)
    colors = shade(TETRAHEDRON, OUTWARD, albedo)
    assert colors.min() >= 0
    assert colors.max() <= 1
    assert (shade(TETRAHEDRON, OUTWARD, (1, 1, 1)) > 0.2).all()


def test_palette_keeps_people_apart():
    distance = np.linalg.norm(PERSON_COLORS[:, None] - PERSON_COLORS, axis=2)
    assert distance[~np.eye(len(PERSON_COLORS), dtype=bool)].min() > 0.12
    assert person_color(len(PERSON_COLORS) + 1) == pytest.approx(PERSON_COLORS[1])


def test_the_side_that_a_camera_sees():
    """One triangle towards the camera, one away, and the same in a mirror."""
    vertices = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 1]])
    camera = np.array([[100, 0, 50], [0, 100, 40], [0, 0, 1]])
    assert front_faces(vertices, faces, camera).tolist() == [[0, 1, 2]]
    mirror = np.diag([-1, 1, 1]) @ camera
    assert front_faces(vertices, faces, mirror).tolist() == [[0, 1, 2]]
    behind = vertices - np.float32([0, 0, 1.5])
    assert front_faces(behind, faces, camera) is faces
