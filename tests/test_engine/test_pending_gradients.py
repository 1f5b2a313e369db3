"""That resumed runs go on with them is in tests/test_runs."""

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from dpmesh_plugin.engine.pending_gradients import between_steps, gradients_of, restore_gradients


def _wrapper(*parameters):
    return OptimWrapper(torch.optim.SGD(parameters, lr=1.0), accumulative_counts=2)


def test_gradients_come_back_in_the_memory_order_of_their_weights():
    weight = nn.Parameter(torch.rand(2, 3, 4, 4))
    scalar, unused = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.ones(1))
    wrapper = _wrapper(weight, scalar, unused)
    wrapper.update_params(weight.square().sum() * scalar)
    assert between_steps(wrapper)
    gradients = gradients_of(wrapper)
    assert gradients[0].equal(2 * weight.detach())  # 2 * weight * scalar over 2 batches
    assert gradients[2] is None

    ordered = nn.Parameter(weight.detach().to(memory_format=torch.channels_last))
    # Shards are of no scalars, so that theirs are vectors of one number.
    vector = nn.Parameter(torch.ones(1))
    other = _wrapper(ordered, vector, nn.Parameter(torch.ones(1)))
    restore_gradients(other, gradients)
    assert ordered.grad.equal(gradients[0])
    assert ordered.grad.stride() == ordered.stride()
    assert vector.grad.shape == (1,)
    assert gradients_of(other)[2] is None


def test_after_a_step_there_are_none():
    weight = nn.Parameter(torch.ones(1))
    wrapper = _wrapper(weight)
    for _ in range(2):
        wrapper.update_params(weight.sum())
    assert not between_steps(wrapper)
    assert gradients_of(wrapper) == [None]
