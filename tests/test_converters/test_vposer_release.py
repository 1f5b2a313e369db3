import pytest
import torch

from dpmesh_plugin.body_models.vposer import VPoserDecoder
from dpmesh_plugin.converters.vposer_release import find_snapshot, vposer_to_dpmesh

V1 = ('bodyprior_dec_fc1', 'bodyprior_dec_fc2', 'bodyprior_dec_out')
V2 = ('vp_model.decoder_net.0', 'vp_model.decoder_net.3', 'vp_model.decoder_net.5')


@pytest.fixture
def release(tmp_path):
    """A function that writes a release folder with the given names, and tells its decoder."""
    decoder = VPoserDecoder(hidden_dim=8, latent_dim=4)

    def write(names, file, wrap):
        state = {'bodyprior_enc_bn1.weight': torch.zeros(3)}
        for theirs, ours in zip(names, ('fc1', 'fc2', 'out'), strict=True):
            for kind in ('weight', 'bias'):
                state[f'{theirs}.{kind}'] = decoder.get_parameter(f'{ours}.{kind}').detach()
        (tmp_path / 'snapshots').mkdir()
        torch.save({'state_dict': state} if wrap else state, tmp_path / 'snapshots' / file)
        return tmp_path, decoder

    return write


@pytest.mark.parametrize(
    ('names', 'file', 'wrap', 'version', 'slope'),
    [
        (V1, 'TR00_E096.pt', False, 'v1', 0.2),
        (V2, 'V02_05_epoch=08_val_loss=0.03.ckpt', True, 'v2', 0.01),
    ],
)
def test_both_releases(release, names, file, wrap, version, slope):
    folder, decoder = release(names, file, wrap)
    state, found = vposer_to_dpmesh(folder)
    assert (found.name, found.negative_slope) == (version, slope)
    other = VPoserDecoder(hidden_dim=8, latent_dim=4, negative_slope=found.negative_slope)
    other.load_state_dict(state, strict=True)
    latent = torch.randn(2, 4)
    same = torch.allclose(other(latent), decoder(latent))
    assert same == (version == 'v1')


def test_bad_folders(release, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'snapshots/\*\.pt or \*\.ckpt, found none in'):
        find_snapshot(tmp_path)
    folder, _ = release(('a', 'b', 'c'), 'one.pt', False)
    with pytest.raises(ValueError, match='is no VPoser: expected names that start with bodyprior'):
        vposer_to_dpmesh(folder)
    torch.save({}, folder / 'snapshots/two.pt')
    with pytest.raises(ValueError, match=r'several snapshots, name one of them: one\.pt, two\.pt'):
        find_snapshot(folder)
