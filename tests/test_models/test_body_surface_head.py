import pytest
import torch

from dpmesh_plugin.registry import MODELS


@pytest.fixture
def head(open_body):
    torch.manual_seed(0)
    config = {'type': 'BodySurfaceHead', 'in_channels': 12, 'body_model': open_body, 'cells': 2}
    return MODELS.build(config)


@pytest.fixture
def samples(make_samples):
    """Two people in T-pose, upright, 3 m before the middle of their crops."""
    samples = make_samples(2)
    for sample in samples:
        truth = sample.gt_instances
        truth.body_pose = torch.zeros(1, 23, 3)
        truth.global_orient = torch.tensor([[torch.pi, 0.0, 0.0]])
        truth.betas = torch.zeros(1, 10)
        x, y, side, _ = sample.bbox_xywh
        centre = torch.tensor([x, y]) + side / 2 - torch.tensor(sample.principal_point)
        truth.transl = torch.cat([centre / 1000 * 3, torch.tensor([3.0])])[None]
    return samples


@pytest.fixture
def feats():
    return torch.randn(2, 12, 16, 16)


def test_cells_are_finer_than_the_map(head, feats):
    assert head(feats).shape == (2, 5, 32, 32)


def test_targets_of_a_person_who_is_seen_whole_in_breadth(head, feats, samples):
    """0.2 m of 3 m are 67 px of the image: rest position and pixel tell the same, x mirrored by
    the half turn."""
    covered, surface, valid = head.targets(samples, head(feats))
    assert valid.tolist() == [1, 1]
    assert 0.1 < covered.mean() < 0.7
    assert (surface.abs().amax(1)[covered == 0] == 0).all()
    depth, place = surface[0, 0], surface[0, 1:]
    assert depth[covered[0] > 0].max() < 0.1
    assert depth.min() < -0.1
    rows, columns = covered[0].nonzero().T
    cell = 3 / 1000 * 200 / 256 * 8
    offset = place[0, rows, columns] - (columns - 15.5) * cell
    assert offset.median().abs() < 0.02
    assert (offset - offset.median()).abs().quantile(0.9) < 0.05


def test_the_rest_pose_is_computed_once(head, feats, samples):
    like = head(feats)
    before = [each.clone() for each in head.targets(samples, like)]
    bodies = []
    hook = head.body_model.register_forward_hook(lambda *call: bodies.append(call))
    for again, value in zip(head.targets(samples, like), before, strict=True):
        torch.testing.assert_close(again, value)
    hook.remove()
    assert len(bodies) == 1


def test_only_annotated_bodies_count(head, feats, samples):
    both = head.loss(feats[:1], samples[:1])
    samples[1].gt_instances.smpl_valid = torch.zeros(1)
    for name, value in head.loss(feats, samples).items():
        torch.testing.assert_close(value, both[name])
    samples[0].gt_instances.smpl_valid = torch.zeros(1)
    assert all(value == 0 for value in head.loss(feats, samples).values())


def test_a_right_surface_costs_nothing(head, feats, samples, monkeypatch):
    covered, surface, _ = head.targets(samples, head(feats))
    right = torch.cat([(covered[:, None] - 0.5) * 100, surface], dim=1)
    monkeypatch.setattr(head, 'forward', lambda feats: right)
    assert all(value < 1e-6 for value in head.loss(feats, samples).values())


def test_every_parameter_gets_a_gradient(head, feats, samples):
    losses = head.loss(feats, samples)
    assert set(losses) == {f'loss_surface_{name}' for name in ('mask', 'depth', 'place')}
    sum(losses.values()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())


def test_unknown_terms_are_refused(open_body):
    config = {'type': 'BodySurfaceHead', 'in_channels': 12, 'body_model': open_body}
    with pytest.raises(ValueError, match=r"names \['normal'\]; the terms are mask, depth, place"):
        MODELS.build({**config, 'factors': {'normal': 1.0}})
