from dataclasses import fields

import pytest
import torch

from dpmesh_plugin.models import SMPLTokenHead
from dpmesh_plugin.models.heads import MeshTargets
from dpmesh_plugin.models.heads.smpl_token_head import CascadeRegressor
from dpmesh_plugin.registry import MODELS


@pytest.fixture
def head(tiny_head):
    torch.manual_seed(0)
    return MODELS.build(tiny_head).eval()


@pytest.fixture
def feats():
    return torch.randn(2, 12, 4, 4, generator=torch.Generator().manual_seed(1))


FOCAL = torch.tensor([800.0, 1200.0])


def test_cascade_corrects_by_hand():
    cascade = CascadeRegressor(in_channels=1, out_channels=1, num_stages=2, start=[7.0])
    with torch.no_grad():
        for stage, weight in zip(cascade.stages, ([[2.0]], [[3.0, 0.5]]), strict=True):
            stage.weight.copy_(torch.tensor(weight))
    tokens = torch.tensor([10.0, 1.0]).reshape(2, 1, 1)
    assert cascade(tokens).item() == 27 + (3 * 1 + 0.5 * 27)


def test_builds_from_sizes_of_its_parts(head):
    assert isinstance(head, SMPLTokenHead)
    assert head.decoder.joint_queries.shape == (15, 16)
    assert head.image_transformer.position.shape == (16, 16)
    assert head.pose_regressor.stages[1].weight.shape == (4, 16 + 4)


def test_output_shapes(head, feats):
    output = head(feats, FOCAL)
    assert output.vertices.shape == (2, head.body_model.num_vertices, 3)
    assert output.joints.shape == (2, 30, 3)
    assert output.keypoints_2d.shape == (2, 30, 2)
    assert output.image_joints.shape == (2, 15, 3)
    torch.testing.assert_close(output.joints[:, 0], torch.zeros(2, 3))


def test_projection_by_hand(head, feats):
    output = head(feats, FOCAL)
    x, y, z = (output.joints[1, 7] + output.pelvis[1] + output.transl[1]).tolist()
    expected = [x / (z + 1e-4) * 1200 + 128, y / (z + 1e-4) * 1200 + 128]
    assert output.keypoints_2d[1, 7].tolist() == pytest.approx(expected, abs=1e-3)


def test_an_untrained_head_sees_a_person_upright_and_of_the_size_of_the_crop(head, feats):
    output = head(feats, FOCAL)
    head_top, pelvis, ankle = output.keypoints_2d[:, [29, 0, 7], 1].unbind(1)
    assert (head_top < pelvis).all()
    assert (pelvis < ankle).all()
    assert ((ankle - head_top) > 100).all()
    assert ((ankle - head_top) < 300).all()


def test_a_random_start_gives_any_body(tiny_head, feats):
    torch.manual_seed(0)
    upright, chance = (
        MODELS.build({**tiny_head, 'start': start}).orient_regressor.stages[0].bias
        for start in ('upright', 'random')
    )
    assert upright.tolist() == [1, 0, 0, -1, 0, 0]
    assert chance.abs().max() < 0.3
    with pytest.raises(
        ValueError, match=r"expected start \('upright', 'random', 'readout'\), got 'tpose'"
    ):
        MODELS.build({**tiny_head, 'start': 'tpose'})


def test_a_batch_equals_its_samples(head, feats):
    together = head(feats, FOCAL)
    for index in range(2):
        alone = head(feats[index : index + 1], FOCAL[index : index + 1])
        for field in fields(alone):
            expected = getattr(alone, field.name)
            actual = getattr(together, field.name)[index : index + 1]
            torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-5)


def test_focal_length_of_every_sample_or_of_the_first(head, tiny_head, make_samples):
    samples = make_samples(2)
    device = torch.device('cpu')
    assert head.crop_focal(samples, device).tolist() == pytest.approx(
        [800, (960**2 + 480**2) ** 0.5]
    )
    first = MODELS.build({**tiny_head, 'focal_source': 'first'})
    assert first.crop_focal(samples, device).tolist() == pytest.approx([800, 800])


def test_predictions_carry_one_person_each(head, feats, make_samples):
    predictions = head.predict(feats, make_samples(2))
    assert [len(prediction) for prediction in predictions] == [1, 1]
    output = head(feats, head.crop_focal(make_samples(2), feats.device))
    torch.testing.assert_close(predictions[1].vertices, output.vertices[1:])
    torch.testing.assert_close(predictions[1].transl, output.transl[1:])


def test_full_image_translation_keeps_the_picture(head, feats, make_samples):
    """The body lands where the crop puts it, also with another focal length than the crop's."""
    samples = make_samples(2)
    for sample, prediction in zip(samples, head.predict(feats, samples), strict=True):
        position = prediction.transl_full[0]
        focal, center = torch.tensor(sample.focal_length), torch.tensor(sample.principal_point)
        pixel = position[:2] / position[2] * focal + center
        box = torch.tensor(sample.bbox_xywh)
        crop_position = prediction.transl[0]
        crop_focal = torch.tensor(sample.ori_shape, dtype=torch.float32).norm()
        in_crop = crop_position[:2] / crop_position[2] * crop_focal / 256 + 0.5
        torch.testing.assert_close(pixel, box[:2] + in_crop * box[2:], atol=1e-2, rtol=0)


def test_joints_without_the_mesh_are_the_same(head, feats):
    expected, output = head(feats, FOCAL), head(feats, FOCAL, with_vertices=False)
    assert output.vertices is None
    torch.testing.assert_close(output.joints, expected.joints)
    torch.testing.assert_close(output.keypoints_2d, expected.keypoints_2d)


def test_losses_are_summed_by_name(head, feats, make_samples):
    losses = head.loss(feats, make_samples(2))
    names = {
        'body_joint_cam',
        'body_joint_img',
        'body_joint_proj',
        'smpl_joint_img',
        'smpl_pose',
        'smpl_shape',
    }
    assert set(losses) == names | {f'loss_{name}' for name in names}
    assert all(torch.isfinite(value) for value in losses.values())


def test_vertex_loss_vanishes_for_the_true_body(tiny_head, feats, make_samples):
    terms = {'vertices': {'type': 'MaskedL1Loss'}}
    head = MODELS.build({**tiny_head, 'objective': {'type': 'MeshLoss', 'terms': terms}}).eval()
    output = head(feats, FOCAL)
    samples = make_samples(2)
    for index, sample in enumerate(samples):
        for field in ('global_orient', 'body_pose', 'betas'):
            sample.gt_instances[field] = getattr(output, field)[index : index + 1].detach()
    losses = head.loss(feats, samples)
    assert list(losses) == ['loss_vertices']
    assert losses['loss_vertices'].item() < 1e-6


def test_rotation_loss_knows_no_turn_of_a_full_circle(tiny_head, feats, make_samples):
    """Axis-angles jump where the angle is pi, as that of an upright person in camera axes is."""
    terms = {'smpl_rotation': {'type': 'MaskedL1Loss'}, 'smpl_pose': {'type': 'MaskedL1Loss'}}
    head = MODELS.build({**tiny_head, 'objective': {'type': 'MeshLoss', 'terms': terms}}).eval()
    output = head(feats, FOCAL)
    samples = make_samples(2)
    for index, sample in enumerate(samples):
        truth = output.global_orient[index : index + 1].detach()
        angle = truth.norm()
        sample.gt_instances.global_orient = truth * (angle - 2 * torch.pi) / angle
        sample.gt_instances.body_pose = output.body_pose[index : index + 1].detach()
    losses = head.loss(feats, samples)
    assert losses['loss_smpl_rotation'].item() < 1e-5
    assert losses['loss_smpl_pose'].item() > 0.01


def test_unknown_term_lists_what_there_is(tiny_head):
    objective = {'type': 'MeshLoss', 'terms': {'joints': {'type': 'MaskedL1Loss'}}}
    with pytest.raises(KeyError, match=r"\['joints'\].*body_joint_cam"):
        MODELS.build({**tiny_head, 'objective': objective})


def test_gradients_reach_what_is_trained(head, feats, make_samples):
    losses = head.train().loss(feats, make_samples(2))
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    trained = {name for name, value in head.named_parameters() if value.requires_grad}
    reached = {name for name, value in head.named_parameters() if value.grad is not None}
    assert reached == trained
    assert not any(name.startswith('pose_decoder.') for name in trained)
    assert all(value.grad.isfinite().all() for value in head.parameters() if value.requires_grad)
    assert (head.objective.weighting.params.grad[6:] == 0).all()


@pytest.mark.parametrize('autocast', [True, False])
def test_half_precision_features_give_a_body_in_float32(head, feats, autocast):
    expected = head(feats, FOCAL)
    with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
        output = head(feats.bfloat16(), FOCAL)
    for field in fields(output):
        assert getattr(output, field.name).dtype == torch.float32
    assert (output.vertices - expected.vertices).abs().max() < 0.02


def test_compiles_without_graph_breaks(head, feats):
    compiled = torch.compile(head, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(feats, FOCAL).vertices, head(feats, FOCAL).vertices)


def test_tokens_correct_what_is_read_off_the_map(tiny_head, feats):
    """Before training there are no corrections, and the map decides."""
    head = MODELS.build({**tiny_head, 'start': 'readout'}).eval()
    torch.nn.init.normal_(head.readout.regressors['orient_6d'].weight)
    given = head.readout(feats)
    output = head(feats, FOCAL)
    assert (given['orient_6d'][0] - given['orient_6d'][1]).abs().max() > 0.1
    assert torch.equal(output.orient_6d, given['orient_6d'])
    for stage in head.orient_regressor.stages:
        torch.nn.init.normal_(stage.weight, std=0.01)
    assert (head(feats, FOCAL).orient_6d - given['orient_6d']).abs().max() > 0.01


def test_corrections_that_start_at_nothing_are_learned(tiny_head, feats, make_samples):
    head = MODELS.build({**tiny_head, 'start': 'readout'})
    sum(head.loss(feats, make_samples(2)).values()).backward()
    assert all(stage.weight.grad.any() for stage in head.pose_regressor.stages)


def test_a_body_along_the_ray_is_turned_into_the_axes_of_the_image(tiny_head, feats, make_samples):
    """Parameters, joints and vertices tell one story, and the crop shows what it showed."""
    camera, ray = (
        MODELS.build({**tiny_head, 'orient_frame': frame}).eval() for frame in ('camera', 'ray')
    )
    ray.load_state_dict(camera.state_dict())
    samples = make_samples(2)
    for plain, turned, sample in zip(
        camera.predict(feats, samples), ray.predict(feats, samples), samples, strict=True
    ):
        # The middle of the box, 200 or 225 px from the left, is left of the principal point.
        middle = sample.bbox_xywh[0] + sample.bbox_xywh[2] / 2
        angle = turned.view[0, 0, 2].asin()
        assert angle < -0.05
        assert angle == pytest.approx((middle - sample.principal_point[0]) / 1000, abs=0.02)
        torch.testing.assert_close(turned.vertices @ turned.view, plain.vertices)
        torch.testing.assert_close(turned.keypoints_2d, plain.keypoints_2d)
        assert torch.equal(plain.view[0], torch.eye(3))
        again = ray.body_model(
            global_orient=turned.global_orient, body_pose=turned.body_pose, betas=turned.betas
        ).vertices
        pelvis = ray.body_model.regress(again, 'dpmesh_30')[:, :1]
        torch.testing.assert_close(again - pelvis, turned.vertices, atol=1e-5, rtol=0)


def test_losses_compare_in_the_axes_of_the_image(tiny_head, feats, make_samples):
    head = MODELS.build({**tiny_head, 'orient_frame': 'ray'})
    samples = make_samples(2)
    (prediction, _) = head.eval().predict(feats, samples)
    samples[0].gt_instances.keypoints_3d = prediction.joints.detach()
    output = head.training_output(feats, samples)
    predicted, target, _ = head.loss_operands(
        output, MeshTargets.from_samples(samples, input_size=256, device=feats.device)
    )['body_joint_cam']
    torch.testing.assert_close(predicted[0], target[0])
