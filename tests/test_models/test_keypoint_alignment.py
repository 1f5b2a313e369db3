from dataclasses import replace

import pytest
import torch

from dpmesh_plugin.geometry.crop import crop_projection
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix
from dpmesh_plugin.models.heads import KeypointAlignment
from dpmesh_plugin.models.heads.crop_camera import image_cameras
from dpmesh_plugin.models.heads.keypoint_alignment import BodyState, Measurement
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import KeypointPrompt

KEYPOINTS = 'dpmesh_30'
HALF_TURN = torch.tensor([torch.pi, 0.0, 0.0])
LEFT_KNEE, LEFT_ANKLE = 4, 7


def places(state, open_body):
    motion = open_body.keypoint_motion(
        keypoint_set=KEYPOINTS, rotations=state.rotations, betas=torch.zeros(2, 10)
    )
    return motion.keypoints - motion.keypoints[:, :1] + state.root[:, None]


def distances(state, seen, open_body):
    """From the keypoints, in sizes of the crop."""
    homogeneous = places(state, open_body) @ seen.projection.transpose(1, 2)
    return (homogeneous[..., :2] / homogeneous[..., 2:] - seen.points).norm(dim=-1)


@pytest.fixture
def start():
    pose = torch.zeros(2, 24, 3)
    pose[:, 0] = HALF_TURN
    return BodyState(axis_angle_to_matrix(pose), torch.tensor([[0.0, 0.0, 4.0], [0.1, 0.2, 5.0]]))


@pytest.fixture
def seen(start, open_body):
    """Exact keypoints of bodies whose limbs are turned by some 10 degrees, a little to the side."""
    torch.manual_seed(0)
    turns = axis_angle_to_matrix(0.1 * torch.randn(2, 24, 3))
    truth = BodyState(start.rotations @ turns, start.root + 0.03)
    projection = torch.tensor([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]]).expand(2, 3, 3)
    homogeneous = places(truth, open_body) @ projection.transpose(1, 2)
    points = homogeneous[..., :2] / homogeneous[..., 2:]
    return Measurement(points, torch.ones(2, 30), torch.ones(2, 30), projection)


@pytest.fixture
def alignment():
    return KeypointAlignment(in_channels=8)


@pytest.fixture
def align(alignment, start, open_body):
    feats = torch.randn(2, 8, 3, 3)
    return lambda seen: alignment(start, torch.zeros(2, 10), seen, feats, open_body)


def test_joints_move_to_exact_keypoints(align, start, seen, open_body):
    before, after = (distances(each, seen, open_body) for each in (start, align(seen)))
    assert before.mean() > 0.02
    assert (after.mean(dim=1) < 0.25 * before.mean(dim=1)).all()


def test_a_further_update_is_made_in_a_prediction_alone(alignment, align, seen):
    alignment.num_updates = 3
    training, prediction = align(seen), alignment.eval() and align(seen)
    alignment.num_updates = 2
    torch.testing.assert_close(align(seen), training)
    assert (prediction.rotations - training.rotations).abs().max() > 1e-4
    alignment.steps.append(alignment.steps[-1])
    torch.testing.assert_close(align(seen), training)
    alignment.num_updates = 3
    torch.testing.assert_close(align(seen), prediction)


def test_without_keypoints_the_body_stays(align, start, seen):
    state = align(seen._replace(visible=torch.zeros(2, 30)))
    torch.testing.assert_close(state.rotations, start.rotations, atol=1e-3, rtol=0)
    torch.testing.assert_close(state.root, start.root, atol=1e-3, rtol=0)


def test_a_hidden_keypoint_does_not_pull(align, seen):
    visible, far = seen.visible.clone(), seen.points.clone()
    visible[:, LEFT_ANKLE] = 0
    far[:, LEFT_ANKLE] += 0.3
    there, moved = (
        align(seen._replace(visible=visible, points=each)) for each in (seen.points, far)
    )
    torch.testing.assert_close(there.rotations, moved.rotations, atol=1e-4, rtol=0)


def test_a_keypoint_that_is_far_off_pulls_less_than_one_that_is_near(align, seen):
    def knee(distance):
        points = seen.points.clone()
        points[:, LEFT_ANKLE, 0] += distance
        return align(seen._replace(points=points)).rotations[:, LEFT_KNEE]

    near, far = ((knee(distance) - knee(0.0)).abs().amax() for distance in (0.05, 0.4))
    assert far < near


def test_all_that_is_learned_gets_a_gradient(alignment, align, seen):
    state = align(seen)
    (state.rotations.square().sum(-1)[..., 0] + state.root.norm(dim=-1)[:, None]).sum().backward()
    for name, parameter in alignment.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.fixture
def head(open_body):
    torch.manual_seed(0)
    return MODELS.build(
        {
            'type': 'ReadoutHead',
            'in_channels': 12,
            'body_model': open_body,
            'pose_decoder': {'type': 'ContinuousPoseDecoder'},
            'orient_frame': 'ray',
            'alignment': {'type': 'KeypointAlignment'},
        }
    ).eval()


def test_a_head_places_mesh_and_keypoints_where_the_camera_sees_them(head, open_body, make_samples):
    samples, feats = make_samples(2), torch.randn(2, 12, 1, 1)
    prompt = KeypointPrompt.from_samples(samples, feats)
    predictions = head.predict(feats, samples, prompt)
    free = head.predict(feats, samples, replace(prompt, visible=torch.zeros(2, 30)))
    projections = crop_projection(**image_cameras(samples)).float()
    for found, unmoved, projection in zip(predictions, free, projections, strict=True):
        root = found.pelvis + found.transl_full
        joints = open_body.regress(found.vertices, KEYPOINTS)
        homogeneous = (joints + root) @ projection.T
        pixels = homogeneous[..., :2] / homogeneous[..., 2:]
        torch.testing.assert_close(pixels, found.keypoints_2d, atol=0.01, rtol=0)
        again = open_body(
            global_orient=found.global_orient,
            body_pose=found.body_pose,
            betas=found.betas,
            transl=found.transl_full,
        ).vertices
        torch.testing.assert_close(again, found.vertices + root, atol=1e-4, rtol=0)
        assert (found.body_pose - unmoved.body_pose).abs().max() > 0.05


def test_a_head_with_alignment_needs_a_prompt(head, make_samples):
    with pytest.raises(ValueError, match='aligns bodies with keypoints: expected a prompt'):
        head.predict(torch.randn(2, 12, 1, 1), make_samples(2))
