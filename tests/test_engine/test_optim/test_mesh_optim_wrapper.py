import pytest
import torch
from torch import nn
from torch.optim import SGD

from dpmesh_plugin.engine.precision import lean_dtype
from dpmesh_plugin.registry import OPTIM_WRAPPERS


def make_wrapper(model, groups=None, **options):
    optimizer = SGD(groups or model.parameters(), lr=1.0)
    return OPTIM_WRAPPERS.build({'type': 'MeshOptimWrapper', 'optimizer': optimizer, **options})


@pytest.fixture
def model():
    model = nn.Linear(2, 1, bias=False)
    nn.init.constant_(model.weight, 0.5)
    return model


def step(wrapper, model, inputs):
    with wrapper.optim_context(model):
        loss = model(inputs).sum()
    wrapper.update_params(loss)
    return loss


def test_gradients_are_clipped_after_the_scale_is_removed(model):
    # The gradient is (3, 4), its norm 5; scaled by 1024 it would be far above the limit of 10.
    wrapper = make_wrapper(
        model, dtype='float16', loss_scale={'init_scale': 1024.0}, clip_grad={'max_norm': 10.0}
    )
    loss = step(wrapper, model, torch.tensor([[3.0, 4.0]]))
    assert loss.dtype == torch.float16
    torch.testing.assert_close(model.weight.data, torch.tensor([[-2.5, -3.5]]))
    assert wrapper.message_hub.get_scalar('train/grad_norm').current() == pytest.approx(5)
    step(wrapper, model, torch.tensor([[30.0, 40.0]]))  # norm 50: divided by 5
    torch.testing.assert_close(model.weight.data, torch.tensor([[-8.5, -11.5]]))


def test_a_step_with_an_infinite_gradient_is_left_out_and_the_scale_halved(model):
    wrapper = make_wrapper(
        model, dtype='float16', loss_scale={'init_scale': 65536.0}, clip_grad={'max_norm': 10.0}
    )
    step(wrapper, model, torch.tensor([[3.0, 4.0]]))  # 3 * 65536 is beyond float16
    torch.testing.assert_close(model.weight.data, torch.tensor([[0.5, 0.5]]))
    assert wrapper.loss_scaler.get_scale() == 32768
    other = make_wrapper(model, dtype='float16')
    other.load_state_dict(wrapper.state_dict())
    assert other.loss_scaler.get_scale() == 32768


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16', 'float16'])
def test_the_forward_pass_has_the_type(model, dtype):
    wrapper = make_wrapper(model, dtype=dtype)
    with wrapper.optim_context(model):
        assert model(torch.ones(1, 2)).dtype == getattr(torch, dtype)
    assert wrapper.loss_scaler.is_enabled() == (dtype == 'float16')


def test_the_type_may_be_left_to_the_device(model):
    wrapper = make_wrapper(model, dtype='auto')
    assert wrapper.cast_dtype == lean_dtype(torch.device('cpu'))


@pytest.mark.parametrize('available', [True, False])
def test_a_type_without_kernels_is_warned_of(model, monkeypatch, log_messages, available):
    kernels = {torch.bfloat16: lambda: available}
    monkeypatch.setattr('dpmesh_plugin.engine.precision._CPU_KERNELS', kernels)
    make_wrapper(model, dtype='bfloat16')
    assert ('no kernels for bfloat16' in ''.join(log_messages)) != available


def test_full_precision_leaves_autocast_from_outside_alone(model):
    wrapper = make_wrapper(model)
    with torch.autocast('cpu', dtype=torch.bfloat16), wrapper.optim_context(model):
        assert model(torch.ones(1, 2)).dtype == torch.bfloat16


def test_groups_can_be_left_out_of_clipping():
    weights = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{'params': weights[:1]}, {'params': weights[1:], 'clip': False}]
    wrapper = make_wrapper(None, groups, clip_grad={'max_norm': 1.0})
    wrapper.update_params(4 * weights[0].sum() + 7 * weights[1].sum())
    assert weights[0].item() == pytest.approx(-1, abs=1e-5)
    assert weights[1].item() == -7


def test_accumulated_batches_equal_one_large_batch(model):
    batches = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]])
    wrapper = make_wrapper(model, accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 4)
    seen = []
    for batch in batches:
        step(wrapper, model, batch)
        seen.append(model.weight.data.clone())
    torch.testing.assert_close(seen[0], torch.tensor([[0.5, 0.5]]))
    torch.testing.assert_close(seen[1], torch.tensor([[0.5 - 2, 0.5 - 3]]))
    torch.testing.assert_close(seen[3], torch.tensor([[0.5 - 8, 0.5 - 10]]))


def test_unknown_type_is_refused(model):
    with pytest.raises(ValueError, match="float32, bfloat16, float16, got 'float8'"):
        make_wrapper(model, dtype='float8')
