import math

import pytest
import torch
from mmengine.structures import InstanceData
from torch import nn

from dpmesh_plugin.engine.checkpoint import load_weights
from dpmesh_plugin.models import EMATeacher, MeshDistiller, MeshEstimator
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import KeypointPrompt

DISTILLATION = {
    'fused': {'type': 'MapDistanceLoss'},
    'volume': {'type': 'MapDistanceLoss', 'distance': 'l1', 'factor': 2.0},
    'attention': {'type': 'MapDivergenceLoss'},
}


@pytest.fixture
def config(tiny_head):
    head = {name: value for name, value in tiny_head.items() if name != 'in_channels'}
    head['volume'] = {**head['volume'], 'size': (4, 8, 8)}
    unet = {'block_out_channels': (8, 8, 16), 'layers_per_block': 1, 'cross_attention_dim': 12}
    return {
        'type': 'MeshDistiller',
        'teacher': {'type': 'EMATeacher', 'momentum': 0.25},
        'distillation': DISTILLATION,
        'backbone': {
            'type': 'DiffusionPriorBackbone',
            'unet': {**unet, 'attention_head_dim': 2, 'norm_num_groups': 4},
            'vae': {'block_out_channels': (4, 4, 4, 4), 'norm_num_groups': 4},
            'controlnet': {},
            'lora': {'rank': 2},
            'attention_strides': (8, 16),
        },
        'neck': {'type': 'KeypointConditionNeck', 'out_channels': 16},
        'head': head,
    }


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    model = MODELS.build(config)
    for name, parameter in model.named_parameters():
        if '.lora_B.' in name or 'controlnet_' in name:
            nn.init.normal_(parameter, std=0.1)
    return model


@pytest.fixture
def inputs():
    return torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def samples(make_samples):
    samples = make_samples(2)
    for sample in samples:
        clean = {**sample.prompt, 'keypoints': sample.prompt.keypoints + 20}
        sample.clean_prompt = InstanceData(**clean)
    return samples


def start(model):
    model.teacher.start(model)
    model.teacher.settle(model)
    return model.teacher.model


def test_outside_of_the_loss_it_is_the_student(model, config, inputs, samples):
    plain = {key: config[key] for key in ('backbone', 'neck', 'head')}
    estimator = MeshEstimator(**plain)
    assert estimator.state_dict().keys() == model.state_dict().keys()
    start(model)
    assert estimator.state_dict().keys() == model.state_dict().keys()
    estimator.load_state_dict(model.state_dict())
    with torch.no_grad():
        expected = estimator.eval()(inputs, samples).joints
        torch.testing.assert_close(model.eval()(inputs, samples).joints, expected)


def test_gradients_reach_the_student_only(model, inputs, samples):
    teacher = start(model.train())
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    losses = model(inputs, samples, mode='loss')
    distilled = [value for name, value in losses.items() if name.startswith('loss_distill_')]
    assert len(distilled) == 3
    sum(distilled).backward()
    assert model.backbone.controlnet.conv_in.weight.grad is not None
    assert model.head.volume.lift.weight.grad is not None
    assert not teacher.training
    assert all(each.grad is None for each in teacher.parameters())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(1)
    torch.testing.assert_close(dict(teacher.state_dict()), before, rtol=0, atol=0)


def test_terms_by_hand(model, inputs, samples):
    model.eval()  # no joint is dropped, so that both passes can be repeated
    teacher = start(model)
    with torch.no_grad():
        losses = model(inputs, samples, mode='loss')
        noisy, clean = (
            KeypointPrompt.from_samples(samples, inputs, field)
            for field in ('prompt', 'clean_prompt')
        )
        torch.testing.assert_close(clean.keypoints, noisy.keypoints + 20)
        own, own_fused = model.perceive(noisy, inputs, None)
        target, target_fused = teacher.perceive(clean, inputs, None)
        volumes = [model.head.volume(fused) for fused in (own_fused, target_fused)]
    expected = {
        'fused': (own_fused - target_fused).square().mean(),
        'volume': 2 * (volumes[0] - volumes[1]).abs().mean(),
        'attention': torch.stack(
            [
                (other * (other / mine).log()).sum(1).mean()
                for mine, other in zip(own.attention, target.attention, strict=True)
            ]
        ).mean(),
    }
    for name, value in expected.items():
        assert value > 1e-6, name
        torch.testing.assert_close(losses[f'loss_distill_{name}'], value, rtol=1e-4, atol=1e-7)
    estimator = MeshEstimator(backbone=model.backbone, neck=model.neck, head=model.head)
    for name, value in estimator(inputs, samples, mode='loss').items():
        torch.testing.assert_close(losses[name], value)


def test_equal_prompts_and_weights_leave_nothing_to_learn(model, inputs, samples):
    for sample in samples:
        sample.clean_prompt = sample.prompt
    start(model.eval())
    losses = model(inputs, samples, mode='loss')
    for name in DISTILLATION:
        assert losses[f'loss_distill_{name}'].abs() < 1e-6


def test_average_by_hand_and_frozen_weights_shared(model):
    teacher = start(model)
    assert teacher.backbone.vae.quant_conv.weight is model.backbone.vae.quant_conv.weight
    assert teacher.head.body_model is model.head.body_model
    assert model.teacher.same_encoder
    weight = 'neck.fuse.0.weight'
    before = model.get_parameter(weight).detach().clone()
    with torch.no_grad():
        model.get_parameter(weight).add_(1)
    model.teacher.update(model)
    torch.testing.assert_close(teacher.get_parameter(weight), before + 0.25)
    model.teacher.update(model)
    torch.testing.assert_close(teacher.get_parameter(weight), before + 0.4375)
    other = EMATeacher(momentum=0.5)
    other.start(model)
    other.restore(model.teacher.weights())
    torch.testing.assert_close(other.model.get_parameter(weight), before + 0.4375)
    with pytest.raises(ValueError, match='average of other parameters .* neck.fuse.0.weight'):
        other.restore({k: v for k, v in model.teacher.weights().items() if k != weight})


def test_teacher_from_a_file_shares_what_is_equal_and_frozen(config):
    torch.manual_seed(0)
    config['teacher'] = {'type': 'CheckpointTeacher', 'checkpoint': 'teacher.pth'}
    model = MODELS.build(config)
    model.teacher.start(model)
    teacher = model.teacher.model
    with torch.no_grad():
        teacher.backbone.unet.conv_in.weight.add_(1)
    model.teacher.settle(model)
    assert teacher.backbone.unet.conv_in.bias is model.backbone.unet.conv_in.bias
    assert teacher.backbone.unet.conv_in.weight is not model.backbone.unet.conv_in.weight
    assert teacher.neck.fuse[0].weight is not model.neck.fuse[0].weight
    before = teacher.neck.fuse[0].weight.clone()
    with torch.no_grad():
        model.neck.fuse[0].weight.add_(1)
    model.teacher.update(model)
    torch.testing.assert_close(teacher.neck.fuse[0].weight, before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ('loss', 'expected'),
    [
        ({'type': 'MapDistanceLoss', 'distance': 'l1'}, 1.0),
        ({'type': 'MapDistanceLoss', 'distance': 'l2', 'factor': 3.0}, 3.0),
        ({'type': 'MapDistanceLoss', 'distance': 'cosine'}, 0.04),
    ],
)
def test_distances_by_hand(loss, expected):
    student, teacher = torch.tensor([3.0, 4.0]), torch.tensor([4.0, 3.0])
    value = MODELS.build(loss)(student.view(1, 2, 1, 1), teacher.view(1, 2, 1, 1))
    assert value.item() == pytest.approx(expected, abs=1e-6)


def test_divergence_by_hand():
    student, teacher = torch.tensor([0.25, 0.75]), torch.tensor([0.5, 0.5])
    loss = MODELS.build({'type': 'MapDivergenceLoss', 'factor': 2.0})
    value = loss(student.view(1, 2, 1, 1), teacher.view(1, 2, 1, 1)).item()
    assert value == pytest.approx(2 * (0.5 * math.log(2) + 0.5 * math.log(2 / 3)))
    nobody = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
    assert loss(nobody, teacher.view(1, 2, 1, 1)).isfinite()


def test_mistakes_are_refused(model, config, inputs, samples, make_samples):
    assert isinstance(model, MeshDistiller)
    with pytest.raises(RuntimeError, match='needs TeacherHook'):
        model(inputs, samples, mode='loss')
    start(model)
    with pytest.raises(ValueError, match='no clean_prompt.keypoints; .* the transform CleanPrompt'):
        model(inputs, make_samples(2), mode='loss')
    with pytest.raises(KeyError, match=r"\['mesh'\]; there are: fused, volume, attention"):
        MODELS.build({**config, 'distillation': {'mesh': {'type': 'MapDistanceLoss'}}})
    with pytest.raises(ValueError, match='names no term'):
        MODELS.build({**config, 'distillation': {}})
    with pytest.raises(ValueError, match='between 0 and 1, got 1'):
        MODELS.build({**config, 'teacher': {'type': 'EMATeacher', 'momentum': 1}})
    with pytest.raises(ValueError, match="'cosine'\\), got 'l3'"):
        MODELS.build({'type': 'MapDistanceLoss', 'distance': 'l3'})


def test_the_average_has_the_batch_statistics_of_the_student(config, inputs, samples):
    neck = {**config['neck'], 'embedding': {'type': 'PromptEmbedding', 'width': 8}}
    model = MODELS.build({**config, 'neck': neck}).train()
    teacher = start(model)
    assert not teacher.training
    sum(model(inputs, samples, mode='loss').values()).backward()
    own, average = (part.neck.embedding.stem[1] for part in (model, teacher))
    assert not torch.equal(own.running_mean, average.running_mean)
    model.teacher.update(model)
    assert torch.equal(own.running_mean, average.running_mean)
    assert average.num_batches_tracked == 1


@pytest.mark.parametrize('kind', ['EMATeacher', 'CheckpointTeacher'])
def test_teacher_of_a_student_with_an_auxiliary_head(config, open_body, tmp_path, kind):
    auxiliary = {'type': 'BodySurfaceHead', 'body_model': open_body}
    config = {**config, 'auxiliary': auxiliary}
    if kind == 'CheckpointTeacher':
        config['teacher'] = {'type': kind, 'checkpoint': 'not read here'}
    model = MODELS.build(config)
    teacher = start(model)
    torch.save(model.state_dict(), tmp_path / 'student.pth')
    load_weights(teacher, tmp_path / 'student.pth')
    model.teacher.update(model)
    assert teacher.auxiliary.body_model is model.auxiliary.body_model


def test_a_model_that_sees_keypoints_only(config, samples):
    parts = {name: config['head'][name] for name in ('body_model', 'pose_decoder')}
    embedding = {'type': 'PromptEmbedding', 'width': 8}
    model = MODELS.build(
        {
            **config,
            'backbone': {'type': 'BlindBackbone'},
            'neck': {**config['neck'], 'inject_heatmaps': False, 'embedding': embedding},
            'head': {'type': 'ReadoutHead', **parts},
            'distillation': {'fused': {'type': 'MapDistanceLoss'}},
        }
    ).eval()
    teacher = start(model)
    term = model(data_samples=samples, mode='loss')['loss_distill_fused']
    noisy = model.neck.encode(model.prompt_of(samples)).embedding
    clean = teacher.neck.encode(model.prompt_of(samples, 'clean_prompt')).embedding
    torch.testing.assert_close(term, (noisy - clean).square().mean())
    assert term > 0
