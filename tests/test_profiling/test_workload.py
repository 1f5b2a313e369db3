import pytest
import torch
from torch import nn

from dpmesh_plugin.profiling import Prediction, Training, Variant, random_batch
from dpmesh_plugin.registry import MODELS

OPTIM_WRAPPER = {'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 0.1}}


@pytest.fixture
def tiny_model(tiny_config):
    torch.manual_seed(0)
    return MODELS.build(tiny_config)


def test_prediction(tiny_model):
    workload = Prediction(tiny_model)
    workload.prepare(Variant(dtype='bfloat16', merge_lora=True))
    vertices = workload.run(random_batch(1))
    assert vertices.shape == (1, 6890, 3)
    assert vertices.dtype == torch.float32
    assert {name for *_, name in workload.calls()} == {
        *('VAE', 'UNet', 'control branch', 'neck', 'head', 'body model')
    }


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_training_changes_weights(tiny_model, dtype):
    workload = Training(tiny_model, OPTIM_WRAPPER)
    workload.prepare(Variant(dtype=dtype, channels_last=True))
    weight = tiny_model.neck.fuse[0].weight
    before = weight.detach().clone()
    workload.run(random_batch(1))
    assert weight.dtype == torch.float32
    assert not torch.equal(before, weight)
    assert {'backward', 'optimiser'} < {name for *_, name in workload.calls()}


@pytest.mark.parametrize('option', ['merge_lora', 'pack_weights'])
def test_what_cannot_be_trained_is_refused(tiny_model, option):
    with pytest.raises(ValueError, match='leave merge_lora and pack_weights out for training'):
        Training(tiny_model, OPTIM_WRAPPER).prepare(Variant(**{option: True}))


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
@pytest.mark.parametrize('of_config', ['float32', 'bfloat16'])
def test_the_precision_is_that_of_the_variant(tiny_model, dtype, of_config):
    lean = {**OPTIM_WRAPPER, 'type': 'MeshOptimWrapper', 'dtype': of_config}
    workload = Training(tiny_model, lean)
    workload.prepare(Variant(dtype=dtype))
    seen = set()
    layer = tiny_model.backbone.unet.conv_in
    layer.register_forward_hook(lambda module, inputs, output: seen.add(output.dtype))
    workload.run(random_batch(1))
    assert seen == {getattr(torch, dtype)}


def test_checkpointing_is_that_of_the_variant(tiny_config):
    tiny_config['backbone']['gradient_checkpointing'] = True
    model = MODELS.build(tiny_config)
    parts = model.backbone.unet.mid_block, model.backbone.controlnet.mid_block
    workload = Training(model, OPTIM_WRAPPER)
    for on in (True, False):
        workload.prepare(Variant(checkpointing=on))
        assert [part.gradient_checkpointing for part in parts] == [on, on]


def test_training_with_less_memory(tiny_model):
    workload = Training(tiny_model, OPTIM_WRAPPER)
    workload.prepare(Variant(dtype='bfloat16', half_frozen=True, checkpointing=True))
    assert tiny_model.backbone.unet.conv_in.weight.dtype == torch.bfloat16
    assert tiny_model.backbone.controlnet.mid_block.gradient_checkpointing
    weight = tiny_model.backbone.controlnet.conv_in.weight
    before = weight.detach().clone()
    for _ in range(2):  # the branch starts with outputs of zero, whose weights move first
        workload.run(random_batch(1))
    assert weight.dtype == torch.float32
    assert not torch.equal(before, weight)


@pytest.mark.parametrize('option', ['half_frozen', 'checkpointing'])
def test_what_belongs_to_training_is_refused(tiny_model, option):
    with pytest.raises(ValueError, match='leave them out for prediction'):
        Prediction(tiny_model).prepare(Variant(**{option: True}))


def test_parts_that_a_model_lacks_are_named(plain_model):
    with pytest.raises(ValueError, match='got Linear without backbone, neck, head'):
        Prediction(nn.Linear(1, 1))
    with pytest.raises(ValueError, match='gradient_checkpointing is for Diff.*, got Conv2d: leave'):
        Training(plain_model, OPTIM_WRAPPER).prepare(Variant(checkpointing=True))


def test_a_distiller_trains_beside_its_teacher(tiny_config):
    model = MODELS.build(
        {
            **tiny_config,
            'type': 'MeshDistiller',
            'teacher': {'type': 'EMATeacher'},
            'distillation': {'fused': {'type': 'MapDistanceLoss'}},
        }
    )
    workload = Training(model, OPTIM_WRAPPER)
    teacher = model.teacher.model.neck.fuse[0].weight
    workload.run(random_batch(1))
    assert not torch.equal(teacher, model.neck.fuse[0].weight)


def test_prediction_counts_the_alignment(tiny_config):
    torch.manual_seed(0)
    plain = Prediction(MODELS.build(tiny_config)).run(random_batch(2))
    torch.manual_seed(0)
    tiny_config['head']['alignment'] = {'type': 'KeypointAlignment'}
    aligned = Prediction(MODELS.build(tiny_config)).run(random_batch(2))
    assert not torch.allclose(plain, aligned, atol=1e-3)
