import numpy as np
import pytest

from dpmesh_plugin.rendering import Canvas, Mesh
from dpmesh_plugin.structures import Visibility, get_keypoint_set
from dpmesh_plugin.synthesis.body import BodyParameters
from dpmesh_plugin.synthesis.rotations import matrix_to_rotvec
from dpmesh_plugin.synthesis.visibility import (
    SceneBuffers,
    hidden_share,
    joint_rings,
    joint_visibility,
)

JOINTS = get_keypoint_set('dpmesh_30')
INTRINSICS = np.array([[300.0, 0, 127.5], [0, 300.0, 127.5], [0, 0, 1]])


@pytest.fixture(scope='module')
def body(poser) -> np.ndarray:
    """A body in T-pose that faces the camera, 3 m away."""
    pose = np.zeros((24, 3))
    pose[0] = matrix_to_rotvec(np.diag([1.0, -1.0, -1.0]))
    vertices = poser.pose(BodyParameters(pose=pose, betas=np.zeros(10), gender='neutral'))
    return vertices - vertices.mean(0) + [0, 0, 3]


def wall(left: float, right: float, depth: float) -> Mesh:
    corners = [[x, y, depth] for x in (left, right) for y in (-3, 3)]
    return Mesh(np.array(corners), np.array([[0, 1, 2], [1, 3, 2]]))


def look(poser, vertices: np.ndarray, others: list[Mesh], persons=(0,)):
    """Codes of all joints and the hidden share of a body behind other meshes."""
    canvas = Canvas((256, 256), INTRINSICS)
    canvas.draw(Mesh(vertices, poser.faces))
    own = canvas.depth()
    for mesh in others:
        canvas.draw(mesh)
    scene = SceneBuffers(
        depth=canvas.depth(), index=canvas.index, persons=persons, intrinsics=INTRINSICS
    )
    rings = joint_rings(poser.regressor, poser.rest_vertices)
    codes = joint_visibility(vertices, poser.keypoints(vertices), rings, own, 0, scene)
    return codes, hidden_share(own, 0, scene)


def codes_of(codes: np.ndarray, *names: str) -> list[int]:
    return [int(codes[JOINTS.index(name)]) for name in names]


def test_rings_are_shares_and_never_single_vertices(poser):
    rings = joint_rings(poser.regressor, poser.rest_vertices)
    np.testing.assert_allclose(rings.sum(axis=1), 1)
    assert ((rings > 0).sum(axis=1) >= 4).all()


def test_nothing_in_front(poser, body):
    codes, hidden = look(poser, body, [])
    assert hidden == 0
    limbs = [f'{side}_{part}' for side in ('left', 'right')
             for part in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'eye')]  # fmt: skip
    assert set(codes_of(codes, 'nose', *limbs)) == {Visibility.VISIBLE}


def test_the_back_hides_the_face(poser, body):
    turned = (body - [0, 0, 3]) * [-1, 1, -1] + [0, 0, 3]
    codes, _ = look(poser, turned, [])
    assert codes_of(codes, 'nose', 'left_eye') == [Visibility.SELF_OCCLUDED] * 2
    assert codes_of(codes, 'left_knee') == [Visibility.VISIBLE]


def test_a_wall_in_front_hides_everything(poser, body):
    codes, hidden = look(poser, body, [wall(-9, 9, 2)])
    assert set(codes.tolist()) == {Visibility.OCCLUDED_BY_OBJECT}
    assert hidden == pytest.approx(1)


def test_a_wall_behind_hides_nothing(poser, body):
    codes, hidden = look(poser, body, [wall(-9, 9, 4)])
    np.testing.assert_array_equal(codes, look(poser, body, [])[0])
    assert hidden == 0


def test_half_a_wall_hides_one_side(poser, body):
    codes, hidden = look(poser, body, [wall(0.1, 9, 2)])
    assert codes_of(codes, 'left_elbow', 'left_wrist') == [Visibility.OCCLUDED_BY_OBJECT] * 2
    assert codes_of(codes, 'right_elbow', 'right_wrist') == [Visibility.VISIBLE] * 2
    assert 0.1 < hidden < 0.6


def test_the_index_tells_who_hides(poser, body):
    codes, _ = look(poser, body, [wall(0.1, 9, 2)], persons=(0, 1))
    assert codes_of(codes, 'left_elbow') == [Visibility.OCCLUDED_BY_PERSON]


def test_outside_the_image_is_truncated(poser, body):
    codes, _ = look(poser, body + np.array([1.2, 0, 0]), [wall(-9, 9, 2)])
    assert codes_of(codes, 'left_wrist') == [Visibility.TRUNCATED]
    assert codes_of(codes, 'right_wrist') == [Visibility.OCCLUDED_BY_OBJECT]
