import numpy as np

from dpmesh_plugin.rendering.clipping import clip_near

TRIANGLE = np.array([[0, 1, 2]])


def triangles(vertices, faces):
    return {tuple(sorted(map(tuple, vertices[face].round(6).tolist()))) for face in faces}


def test_faces_in_front_are_untouched():
    vertices = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 2]], np.float32)
    kept, faces, colors = clip_near(vertices, TRIANGLE, None, near=0.5)
    assert kept is vertices
    assert faces is TRIANGLE
    assert colors is None


def test_a_face_behind_is_dropped():
    vertices = np.array([[0, 0, -1], [1, 0, -1], [0, 1, 0.2]], np.float32)
    assert len(clip_near(vertices, TRIANGLE, None, near=0.5)[1]) == 0


def test_one_vertex_in_front_leaves_a_tip_with_mixed_colors():
    vertices = np.array([[0, 0, 0], [1, 0, 2], [0, 1, 0]], np.float32)
    colors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    kept, faces, mixed = clip_near(vertices, TRIANGLE, colors, near=0.5)
    assert triangles(kept, faces) == {((0.25, 0, 0.5), (0.25, 0.75, 0.5), (1, 0, 2))}
    assert {tuple(color) for color in mixed[faces[0]].tolist()} == {
        (1, 0, 0),
        (0.25, 0, 0),
        (0.25, 0.75, 0),
    }


def test_two_vertices_in_front_leave_a_quad():
    vertices = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 0]], np.float32)
    kept, faces, _ = clip_near(vertices, TRIANGLE, None, near=0.5)
    corners = kept[faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    whole = np.cross(vertices[1] - vertices[0], vertices[2] - vertices[0])
    assert len(faces) == 2
    assert corners[..., 2].min() == 0.5
    # Three quarters of the triangle stay, with the winding it had.
    np.testing.assert_allclose(doubled.sum(axis=0), 0.75 * whole, atol=1e-6)
