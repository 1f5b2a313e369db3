import json

import pytest

from dpmesh_plugin.converters.official_names import (
    CONTROL_INPUT,
    canonical_name,
    count_layers_per_block,
    official_name,
    second_names,
    unused_reason,
)


@pytest.fixture(scope='module')
def manifest(shared_dir):
    return json.loads((shared_dir / 'parity/full/manifest.json').read_text())['keys']


def test_second_names(manifest):
    for row in manifest:
        canonical = row['alias_of'] or row['key']
        assert canonical_name('module.' + row['key']) == canonical
        if row['alias_of']:
            assert row['key'] in second_names(canonical)


def test_every_official_tensor_is_read_or_has_a_reason(manifest, model):
    names = {official_name(name) for name, _ in model.named_parameters()}
    # The small model has fewer layers in its head; those of the backbone and neck are all there.
    backbone = [row for row in manifest if row['key'].startswith(('backbone.', 'kp_lifting.'))]
    for row in backbone:
        if row['alias_of'] is None:
            assert (row['key'] in names) == row['used_by_forward'], row['key']
            assert (unused_reason(row['key']) is None) == row['used_by_forward'], row['key']


def test_by_hand():
    name = (
        'backbone.unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.default.weight'
    )
    block = 'backbone.sd_model.model.diffusion_model.middle_block.1.transformer_blocks.0.'
    assert official_name(name) == block + 'attn1.to_q.lora_down.weight'
    assert official_name('backbone.controlnet.conv_in.weight') == CONTROL_INPUT
    assert official_name('neck.branches.0.3.bias') == 'backbone.outmodules.0.3.bias'
    assert official_name('neck.fuse.0.bias') == 'backbone.outmodules.2.0.bias'
    with pytest.raises(KeyError, match=r"no counterpart of 'neck\.extra\.weight'"):
        official_name('neck.extra.weight')


def test_layers_per_block(model):
    assert count_layers_per_block(model.state_dict()) == 2
