"""Every switch of a training gives the same training, but for rounding."""

import copy

import pytest
import torch
from torch import nn

from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.engine.hooks import TrainingSpeedHook
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint


def trained(model) -> dict[str, torch.Tensor]:
    return {name: each.detach() for name, each in model.named_parameters() if each.requires_grad}


def test_accumulated_gradients_equal_a_large_batch(make_model, make_training):
    large = make_training(make_model(), steps=2, batch_size=4).train()
    options = {'accumulative_counts': 2}
    small = make_training(make_model(), steps=4, batch_size=2, optim_wrapper=options).train()
    torch.testing.assert_close(trained(small), trained(large), rtol=1e-5, atol=1e-6)
    start = trained(make_model())
    assert any((value - start[name]).abs().max() > 1e-4 for name, value in trained(large).items())


def test_gradient_checkpointing(make_model, make_training):
    plain = make_training(make_model()).train()
    option = {'backbone.gradient_checkpointing': True}
    recomputed = make_training(make_model(**option)).train()
    assert recomputed.backbone.unet.mid_block.gradient_checkpointing
    assert recomputed.backbone.controlnet.mid_block.gradient_checkpointing
    torch.testing.assert_close(trained(recomputed), trained(plain), rtol=1e-5, atol=1e-6)


def test_memory_order(make_model, make_training):
    plain = make_training(make_model()).train()
    hooks = [{'type': 'TrainingSpeedHook', 'channels_last': True}]
    fast = make_training(make_model(), hooks=hooks).train()
    torch.testing.assert_close(trained(fast), trained(plain), rtol=1e-4, atol=1e-5)
    weight = fast.backbone.unet.conv_in.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


class OneConvolution(nn.Module):
    """The smallest backbone."""

    out_channels, out_strides = (4,), (32,)

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 32, stride=32)

    def forward(self, images, condition):
        return BackboneOutput((self.layer(images),))


def test_compilation(estimator_config, make_training):
    models = []
    for hooks in ((), [{'type': 'TrainingSpeedHook', 'compile': {'backend': 'eager'}}]):
        torch.manual_seed(0)
        config = {**estimator_config, 'backbone': OneConvolution()}
        models.append(make_training(MODELS.build(config), hooks=hooks).train())
    plain, compiled = models
    torch.testing.assert_close(trained(compiled), trained(plain), rtol=1e-5, atol=1e-6)
    for part in (compiled.backbone, compiled.neck, compiled.head):
        assert 'forward' in vars(part)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_mixed_precision(make_model, make_training, dtype):
    plain = make_training(make_model()).train()
    scale = {'loss_scale': {'init_scale': 1024.0}} if dtype == 'float16' else {}
    mixed = make_training(make_model(), optim_wrapper={'dtype': dtype, **scale}).train()
    start = trained(make_model())
    moved = torch.cat([(value - start[name]).flatten() for name, value in trained(plain).items()])
    other = torch.cat([(value - start[name]).flatten() for name, value in trained(mixed).items()])
    assert torch.cosine_similarity(moved, other, dim=0) > 0.95
    assert not torch.equal(moved, other)
    assert all(each.dtype == torch.float32 for each in trained(mixed).values())


def test_frozen_weights_in_half_precision(make_model, make_training, tmp_path):
    half = {'dtype': 'bfloat16'}
    hooks = [{'type': 'TrainingSpeedHook', 'frozen_dtype': 'bfloat16'}]
    plain = make_training(make_model(), optim_wrapper=half).train()
    lowered = make_training(make_model(), optim_wrapper=half, hooks=hooks).train()
    weight = 'backbone.unet.conv_in.weight'
    assert lowered.get_parameter(weight).dtype == torch.bfloat16
    assert all(each.dtype == torch.float32 for each in trained(lowered).values())
    torch.testing.assert_close(trained(lowered), trained(plain), rtol=0.05, atol=5e-4)
    saved = make_model()
    assert load_weights(saved, tmp_path / 'work' / 'iter_2.pth').agrees
    rounded = make_model().get_parameter(weight).bfloat16().float()
    torch.testing.assert_close(saved.get_parameter(weight), rounded, rtol=0, atol=0)
    with pytest.raises(ValueError, match='bfloat16, but training runs in torch.float32'):
        make_training(make_model(), hooks=hooks).train()


def test_validation_of_frozen_weights_in_float32(make_model, make_training):
    hook = TrainingSpeedHook(frozen_dtype='bfloat16')
    runner = make_training(make_model(), optim_wrapper={'dtype': 'bfloat16'}, hooks=[hook])
    weight = runner.train().backbone.unet.conv_in.weight
    hook.before_val_epoch(runner)
    assert weight.dtype == torch.float32
    hook.after_val_epoch(runner)
    assert weight.dtype == torch.bfloat16


def test_average_of_the_weights_is_what_is_saved(make_model, make_training, tmp_path):
    start = trained(make_model())
    hooks = [{'type': 'EMAHook', 'momentum': 0.5}]
    model = make_training(make_model(), steps=2, hooks=hooks).train()
    first = read_checkpoint(tmp_path / 'work' / 'iter_1.pth')
    checkpoint = read_checkpoint(tmp_path / 'work' / 'iter_2.pth')
    name = 'neck.fuse.0.weight'
    # mmengine starts the average at the weights after the first step.
    after_one = first['ema_state_dict'][f'module.{name}']
    expected = 0.5 * after_one + 0.5 * model.state_dict()[name]
    torch.testing.assert_close(checkpoint['state_dict'][name], expected)
    assert not torch.equal(expected, start[name])
    key = 'head.body_model._extra_state'
    assert torch.equal(checkpoint['state_dict'][key], first['state_dict'][key])
    assert torch.equal(checkpoint['ema_state_dict'][f'module.{key}'], first['state_dict'][key])


def test_average_beside_frozen_weights_in_half_precision(make_model, make_training, tmp_path):
    half = {'dtype': 'bfloat16'}
    average = {'type': 'EMAHook', 'momentum': 0.5}
    speed = {'type': 'TrainingSpeedHook', 'frozen_dtype': 'bfloat16'}
    averages = []
    for hooks in ([average], [average, speed]):
        make_training(make_model(), steps=3, optim_wrapper=half, hooks=hooks).train()
        saved = read_checkpoint(tmp_path / 'work' / 'iter_3.pth')['state_dict']
        averages.append(copy.deepcopy(saved))  # the file is mapped, and written over
    plain, lowered = averages
    assert lowered['backbone.unet.conv_in.weight'].dtype == torch.bfloat16
    name = 'neck.fuse.0.weight'
    assert lowered[name].dtype == torch.float32
    torch.testing.assert_close(lowered[name], plain[name], rtol=0.05, atol=5e-4)


def test_averaged_checkpoint_is_a_plain_one_and_can_be_resumed(
    make_model, make_training, body_model, tmp_path
):
    hooks = [{'type': 'EMAHook', 'momentum': 0.5}, {'type': 'StrictLoadHook'}]
    whole = make_training(make_model(), steps=3, hooks=hooks)
    whole.train()
    saved = copy.deepcopy(read_checkpoint(tmp_path / 'work' / 'iter_3.pth'))
    path = tmp_path / 'work' / 'iter_2.pth'
    plain = make_model()
    vertices = body_model(
        global_orient=torch.zeros(1, 3), body_pose=torch.zeros(1, 23, 3), betas=torch.zeros(1, 10)
    ).vertices
    assert load_weights(plain, path).agrees
    after = plain.head.body_model(
        global_orient=torch.zeros(1, 3), body_pose=torch.zeros(1, 23, 3), betas=torch.zeros(1, 10)
    ).vertices
    torch.testing.assert_close(after, vertices)
    resumed = make_training(make_model(), steps=3, hooks=hooks, load_from=str(path), resume=True)
    resumed.train()
    again = read_checkpoint(tmp_path / 'work' / 'iter_3.pth')
    for kind in ('state_dict', 'ema_state_dict'):
        torch.testing.assert_close(again[kind], saved[kind], rtol=0, atol=0)
