import pytest
import torch

from dpmesh_plugin.converters.official_checkpoint import (
    dpmesh_to_official,
    official_to_dpmesh,
    read_release,
    release_layout,
)
from dpmesh_plugin.converters.official_names import CONTROL_INPUT

BODY = 'human_model_layer.th_v_template'


def test_there_and_back_is_exact(model, official):
    expected = model.state_dict()
    state, coverage = official_to_dpmesh(official, expected)
    coverage.check('the release')
    assert list(state) == list(expected)
    assert all(torch.equal(state[name], expected[name]) for name in expected)
    back = dpmesh_to_official(state)
    assert back.pop('awl.params').shape == (9,)
    assert back.keys() == official.keys()
    assert all(torch.equal(back[name], official[name]) for name in official)
    model.load_state_dict(state, strict=True)


def test_control_input_is_one_convolution_in_the_release(model, official):
    weight = official[CONTROL_INPUT]
    assert weight.shape == (8, 4 + 30, 3, 3)
    state, _ = official_to_dpmesh(official, model.state_dict())
    parts = [
        state[f'backbone.controlnet.{name}.weight']
        for name in ('conv_in', 'controlnet_cond_embedding')
    ]
    x = torch.randn(1, 34, 8, 8)
    whole = torch.conv2d(x, weight, padding=1)
    split = sum(
        torch.conv2d(each, part, padding=1)
        for each, part in zip(x.split([4, 30], 1), parts, strict=True)
    )
    torch.testing.assert_close(split, whole, atol=1e-5, rtol=1e-5)


def test_attention_of_the_image_encoder_is_a_convolution_in_the_release(official):
    name = 'backbone.sd_model.first_stage_model.encoder.mid.attn_1.q.weight'
    assert official[name].shape == (32, 32, 1, 1)


def test_release_and_snapshot(official):
    release = release_layout(official)
    assert all(name.startswith('module.') for name in release)
    assert len(release) > 1.5 * len(official)
    tensors = read_release(release)
    assert tensors.keys() == official.keys()
    snapshot = {'epoch': 3, 'network': release, 'awl': {'params': torch.full((9,), 2.0)}}
    assert read_release(snapshot)['awl.params'].tolist() == [2.0] * 9


def test_weights_of_the_losses_are_kept_where_only_snapshots_have_them(model, official):
    name = 'head.objective.weighting.params'
    state, coverage = official_to_dpmesh(official, model.state_dict())
    assert coverage.kept == ['head.body_model._extra_state', name]
    official['awl.params'] = torch.full((9,), 2.0)
    state, coverage = official_to_dpmesh(official, model.state_dict())
    assert state[name].tolist() == [2.0] * 9


def test_second_names_must_agree(official):
    release = release_layout(official)
    name = next(name for name in release if name.startswith('module.backbone.unet.unet.'))
    release[name] = release[name] + 1
    with pytest.raises(ValueError, match='name one tensor of the release, but hold different'):
        read_release(release)


def test_foreign_content():
    with pytest.raises(ValueError, match="entry 'optimizer' is a dict"):
        read_release({'optimizer': {}})


def test_account(model, official):
    official[BODY] = torch.zeros(2, 3)
    official['backbone.mystery.weight'] = torch.zeros(5)
    del official['kp_lifting.bias']
    official['query.weight'] = torch.zeros(15, 7)
    _, coverage = official_to_dpmesh(official, model.state_dict())
    assert coverage.missing == {'neck.keypoint_lift.bias': 'kp_lifting.bias'}
    assert coverage.misshapen == {'query.weight': ((15, 16), (15, 7))}
    assert coverage.unknown == ['backbone.mystery.weight']
    text = coverage.text(official)
    assert 'unused    1 tensors, 0.0 M values: body model data' in text
    assert 'missing   neck.keypoint_lift.bias (looked for kp_lifting.bias)' in text
    message = (
        r'ckpt\.pth does not fit the model: 1 tensors are missing: kp_lifting\.bias; 1 tensors '
        r'have the shape of another model size: query\.weight \(expected \(15, 16\), found '
        r'\(15, 7\)\); 1 tensors are in no table: backbone\.mystery\.weight'
    )
    with pytest.raises(ValueError, match=message):
        coverage.check('ckpt.pth')


def test_half_a_checkpoint(model, official):
    half = dict(list(official.items())[: len(official) // 2])
    _, coverage = official_to_dpmesh(half, model.state_dict())
    with pytest.raises(ValueError, match=r'tensors are missing: .*, and \d+ more'):
        coverage.check('half.pth')
