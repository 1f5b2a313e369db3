import pytest
import torch

from dpmesh_plugin.models import HMRHead
from dpmesh_plugin.models.heads import ContinuousPoseDecoder
from dpmesh_plugin.registry import MODELS

FOCAL = torch.tensor([800.0, 1200.0])


@pytest.fixture
def head(open_body):
    torch.manual_seed(0)
    config = {'type': 'HMRHead', 'in_channels': 12, 'body_model': open_body, 'hidden_channels': 32}
    return MODELS.build(config).eval()


def test_starts_at_a_standing_person_who_faces_the_camera(head):
    with torch.no_grad():
        head.correction.weight.zero_()
    output = head(torch.randn(2, 12, 4, 4), FOCAL)
    assert output.global_orient.abs()[0].tolist() == pytest.approx([torch.pi, 0, 0], abs=1e-5)
    assert output.betas.abs().max() == 0
    joints = output.joints[0]
    head_top, left_wrist, left_shoulder, left_ankle = joints[[29, 20, 16, 7]]
    assert head_top[1] < left_shoulder[1] < left_wrist[1] < left_ankle[1]
    assert left_wrist[0] > 0


def test_continuous_decoder_rests_at_zero_and_leaves_hands_still():
    pose = ContinuousPoseDecoder()(torch.zeros(2, 126))
    assert pose.shape == (2, 23, 3)
    assert pose[0, 15].tolist() == pytest.approx([0, 0, -1.2], abs=1e-6)
    pose[:, 15:17] = 0
    assert pose.abs().max() < 1e-6


def test_outputs_and_predictions(head, make_samples):
    assert isinstance(head, HMRHead)
    feats = torch.randn(2, 12, 4, 4)
    output = head(feats, FOCAL)
    assert output.vertices.shape == (2, head.body_model.num_vertices, 3)
    assert output.image_joints is None
    assert len(head.predict(feats, make_samples(2))) == 2


def test_every_iteration_corrects(head):
    feats = torch.randn(2, 12, 4, 4)
    three = head(feats, FOCAL).camera
    head.num_iterations = 2
    assert not torch.allclose(head(feats, FOCAL).camera, three)


def test_gradients_reach_every_parameter(head, make_samples):
    losses = head.loss(torch.randn(2, 12, 4, 4), make_samples(2))
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())


def test_terms_of_image_joints_are_refused(open_body):
    with pytest.raises(KeyError, match='body_joint_img'):
        MODELS.build(
            {
                'type': 'HMRHead',
                'in_channels': 12,
                'body_model': open_body,
                'objective': {'type': 'MeshLoss'},
            }
        )


def test_objective_is_the_published_one_without_joints_in_the_image(head):
    factors = {name: term.factor for name, term in head.objective.terms.items()}
    expected = {'body_joint_cam': 2, 'body_joint_proj': 1, 'smpl_pose': 2, 'smpl_shape': 2}
    assert factors == expected
