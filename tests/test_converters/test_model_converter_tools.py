import pickle
import runpy
import sys

import numpy as np
import pytest
import torch

from dpmesh_plugin.body_models.body_file import ASSETS
from dpmesh_plugin.converters.official_checkpoint import release_layout
from dpmesh_plugin.converters.official_names import DIFFUSION
from dpmesh_plugin.converters.weight_files import read_weights
from dpmesh_plugin.registry import BODY_MODELS, MODELS

TEXT_ENCODER = 'module.backbone.sd_model.cond_stage_model.transformer.bias'


@pytest.fixture
def run(repo_root, monkeypatch, capsys):
    """Run a script of ``tools/model_converters`` and return what it prints."""

    def run(script, *arguments):
        path = repo_root / 'tools/model_converters' / f'{script}.py'
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')
        return capsys.readouterr().out

    return run


@pytest.fixture
def release(official, tmp_path):
    path = tmp_path / 'best_ckpt.pth.tar'
    torch.save(release_layout(official) | {TEXT_ENCODER: torch.zeros(3)}, path)
    return path


@pytest.mark.parametrize('options', [(), ('--safetensors',)])
def test_official_there_and_back(run, release, config_file, model, tmp_path, options):
    ours, back = tmp_path / 'ours.pth', tmp_path / 'back.pth.tar'
    report = run('official_to_dpmesh', release, ours, '--config', config_file, *options)
    assert 'unused    1 tensors, 0.0 M values: text encoder' in report
    if options:
        ours = ours.with_suffix('.safetensors')
    assert f'saved    {ours}' in report
    content = read_weights(ours)
    state = content.get('state_dict', content)
    model.load_state_dict(state, strict=True)
    run('official_to_dpmesh', ours, back, '--config', config_file, '--reverse')
    source, returned = read_weights(release), read_weights(back)
    assert set(source) - set(returned) == {TEXT_ENCODER}
    assert set(returned) - set(source) == {'module.awl.params'}
    assert all(torch.equal(returned[name], source[name]) for name in set(returned) & set(source))


def test_official_of_another_size(run, release, config_file, tmp_path):
    wide = ('--cfg-options', 'model.neck.out_channels=32')
    with pytest.raises(SystemExit, match=r'best_ckpt\.pth\.tar does not fit the model: .*another'):
        run('official_to_dpmesh', release, tmp_path / 'o.pth', '--config', config_file, *wide)
    assert not (tmp_path / 'o.pth').exists()


def test_half_of_ours_is_not_converted_back(run, config_file, model, tmp_path):
    half = dict(list(model.state_dict().items())[:99])
    torch.save(half, tmp_path / 'half.pth')
    with pytest.raises(SystemExit, match=r'half\.pth lacks \d+ tensors of the model'):
        run(
            'official_to_dpmesh',
            tmp_path / 'half.pth',
            tmp_path / 'o.pth',
            *('--config', config_file, '--reverse'),
        )


def test_stable_diffusion(run, official, config_file, model_config, tmp_path):
    state = {
        name.removeprefix(DIFFUSION).replace('.linear.', '.'): tensor
        for name, tensor in official.items()
        if name.startswith(DIFFUSION) and '.lora_' not in name
    }
    first = 'control_model.input_blocks.0.0.weight'
    state[first] = state[first][:, :4]
    torch.save(state, tmp_path / 'control_sd15.pth')
    arguments = [tmp_path / 'control_sd15.pth', tmp_path / 'start.pth', '--config', config_file]
    with pytest.raises(SystemExit, match='would stay random: name its weights with --vposer'):
        run('sd_to_dpmesh', *arguments)
    prior = MODELS.build(model_config).head.pose_decoder.state_dict()
    prior = {name: torch.full_like(value, 0.5) for name, value in prior.items()}
    torch.save({'state_dict': prior}, tmp_path / 'vposer.pth')
    report = run('sd_to_dpmesh', *arguments, '--vposer', tmp_path / 'vposer.pth')
    assert 'kept' in report
    start = read_weights(tmp_path / 'start.pth')['state_dict']
    model = MODELS.build(model_config)
    model.load_state_dict(start, strict=True)
    assert (model.head.pose_decoder.fc1.weight == 0.5).all()
    assert torch.equal(
        model.backbone.vae.encoder.conv_in.weight,
        official[f'{DIFFUSION}first_stage_model.encoder.conv_in.weight'],
    )
    block = 'backbone.unet.mid_block.attentions.0.transformer_blocks.0.'
    down = start[f'{block}attn1.to_q.lora_A.default.weight']
    assert 0 < down.std() < 2
    assert start['backbone.controlnet.controlnet_cond_embedding.weight'].abs().max() > 0


def test_vposer(run, tmp_path):
    names = ('bodyprior_dec_fc1', 'bodyprior_dec_fc2', 'bodyprior_dec_out')
    shapes = ((8, 4), (8, 8), (126, 8))
    (tmp_path / 'snapshots').mkdir()
    state = {}
    for name, shape in zip(names, shapes, strict=True):
        state |= {f'{name}.weight': torch.randn(shape), f'{name}.bias': torch.randn(shape[0])}
    torch.save(state, tmp_path / 'snapshots/TR00_E096.pt')
    report = run('vposer', tmp_path, tmp_path / 'vposer.pth')
    assert "pose_decoder=dict(type='VPoserDecoder', negative_slope=0.2" in report
    config = {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8}
    start = {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'vposer.pth')}
    decoder = BODY_MODELS.build({**config, 'init_cfg': start})
    decoder.init_weights()
    assert torch.equal(decoder.fc1.weight, state['bodyprior_dec_fc1.weight'])


def test_smpl(run, tmp_path):
    with np.load(ASSETS / 'openbody_male.npz') as archive:
        body = dict(archive)
    (tmp_path / 'SMPL_MALE.pkl').write_bytes(pickle.dumps(body, protocol=2))
    report = run('smpl', tmp_path, tmp_path / 'smpl')
    assert f'-> {tmp_path}/smpl/SMPL_MALE.npz' in report
    with np.load(tmp_path / 'smpl/SMPL_MALE.npz') as archive:
        assert np.array_equal(archive['v_template'], body['v_template'])
        assert 'landmark_names' not in archive
