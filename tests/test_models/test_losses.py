import numpy as np
import pytest
import torch

from dpmesh_plugin.models.losses import AutomaticWeightedLoss, MaskedL1Loss, MeshLoss
from dpmesh_plugin.registry import MODELS


@pytest.mark.parametrize(('reduction', 'expected'), [('all', 0.5), ('valid', 1.0)])
def test_masked_l1_by_hand(reduction, expected):
    loss = MODELS.build({'type': 'MaskedL1Loss', 'reduction': reduction})
    prediction = torch.tensor([[1.0, 3.0]])
    value = loss(prediction, torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    assert value.item() == pytest.approx(expected)


def test_masked_l1_valid_counts_broadcast_elements():
    loss = MaskedL1Loss(reduction='valid', factor=2)
    valid = torch.tensor([[[1.0]], [[0.0]]])
    value = loss(torch.full((2, 4, 3), 5.0), torch.zeros(2, 4, 3), valid)
    assert value.item() == pytest.approx(10)


def test_masked_l1_without_valid_elements_is_zero():
    loss = MaskedL1Loss(reduction='valid')
    assert loss(torch.ones(2, 3), torch.zeros(2, 3), torch.zeros(2, 1)).item() == 0


def test_masked_l1_refuses_unknown_reduction_and_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match=r"'all', 'valid', 'none'.*'mean'"):
        MaskedL1Loss(reduction='mean')
    with pytest.raises(ValueError, match=r'\(2, 3\), got \(2, 1\)'):
        MaskedL1Loss()(torch.ones(2, 3), torch.ones(2, 1), torch.ones(2, 1))


def test_automatic_weights_go_by_alphabet():
    weighting = AutomaticWeightedLoss(num_parameters=3)
    with torch.no_grad():
        weighting.params.copy_(torch.tensor([1.0, 2.0, 9.0]))
    weighted = weighting({'b': torch.tensor(8.0), 'a': torch.tensor(2.0)})
    assert weighted['a'].item() == pytest.approx(1 + np.log(2))
    assert weighted['b'].item() == pytest.approx(1 + np.log(5))
    sum(weighted.values()).backward()
    assert weighting.params.grad[2] == 0


def test_automatic_weights_refuse_too_many_terms():
    with pytest.raises(ValueError, match=r'at most 1 loss terms, got 2: a, b'):
        AutomaticWeightedLoss(num_parameters=1)({'b': torch.ones(()), 'a': torch.ones(())})


def test_only_the_weighted_terms_are_summed():
    objective = MeshLoss(
        terms={'smpl_shape': {'type': 'MaskedL1Loss'}},
        weighting={'type': 'AutomaticWeightedLoss', 'num_parameters': 1},
    )
    prediction = torch.ones(2, 10, requires_grad=True)
    losses = objective({'smpl_shape': (prediction, torch.zeros(2, 10), torch.ones(2, 1))})
    assert losses['loss_smpl_shape'].item() == pytest.approx(0.5 + np.log(2))
    assert losses['smpl_shape'].item() == 1
    assert not losses['smpl_shape'].requires_grad
    assert [name for name in losses if 'loss' in name] == ['loss_smpl_shape']


def test_unknown_term_is_refused():
    objective = MeshLoss(terms={'smpl_shpae': {'type': 'MaskedL1Loss'}})
    with pytest.raises(KeyError, match=r"\['smpl_shpae'\]; this head supplies: smpl_shape"):
        objective.check_terms(('smpl_shape',))


def test_distance_of_points_by_hand():
    loss = MODELS.build({'type': 'MaskedDistanceLoss', 'factor': 2.0})
    points = torch.tensor([[[0.0, 3.0, 4.0], [0.0, 0.0, 1.0]]], requires_grad=True)
    term = loss(points, torch.zeros(1, 2, 3), torch.tensor([[[1.0], [0.0]]]))
    assert term.item() == pytest.approx(2 * 2.5)
    term.backward()
    assert points.grad[0, 0].tolist() == pytest.approx([0, 0.6, 0.8])
    assert points.grad[0, 1].abs().max() == 0
    with pytest.raises(ValueError, match=r'shape of the prediction \(1, 2, 3\), got \(1, 1, 3\)'):
        loss(points, torch.zeros(1, 1, 3), torch.ones(1, 2, 1))
