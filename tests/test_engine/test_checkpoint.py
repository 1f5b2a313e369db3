import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.engine import check_keys, compare_keys, load_weights
from dpmesh_plugin.engine.checkpoint import latest_checkpoint


def _model(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))


@pytest.fixture
def saved(tmp_path):
    model = _model()
    path = tmp_path / 'a.pth'
    meta = {'epoch': 3, 'seed': np.float64(1)}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)
    return model, path


def test_weights_come_back_from_both_kinds_of_file(saved, tmp_path):
    source, path = saved
    save_file(source.state_dict(), tmp_path / 'a.safetensors')
    for file in (path, tmp_path / 'a.safetensors'):
        model = _model()
        comparison = load_weights(model, file)
        assert comparison.agrees
        assert comparison.num_matching == 4
        torch.testing.assert_close(model[0].weight, source[0].weight)


def test_the_wrapper_prefix_is_dropped(tmp_path):
    torch.save({f'module.{k}': v for k, v in _model().state_dict().items()}, tmp_path / 'a.pth')
    assert load_weights(_model(), tmp_path / 'a.pth').agrees


def test_the_comparison_names_every_kind_of_difference():
    state_dict = _model(width=5).state_dict()
    state_dict['2.scale'] = state_dict.pop('1.bias')
    comparison = compare_keys(_model(), state_dict)
    assert comparison.missing == ('1.bias',)
    assert comparison.unexpected == ('2.scale',)
    assert comparison.mismatched[0] == ('0.weight', (5, 2), (3, 2))
    assert comparison.num_matching == 0
    with pytest.raises(ValueError, match='does not fit') as caught:
        check_keys(_model(), state_dict, 'old.pth')
    for part in (
        'old.pth does not fit the model Sequential',
        '1 missing from the checkpoint: 1.bias',
        '1 unknown to the model: 2.scale',
        '0.weight (3, 2) in the model, (5, 2)',
        'strict=False',
    ):
        assert part in str(caught.value)


def test_a_long_list_of_keys_is_cut():
    with pytest.raises(ValueError, match='does not fit') as caught:
        check_keys(_model(), {f'key{i}': torch.zeros(1) for i in range(40)}, 'a')
    assert '40 unknown to the model: key0, key1, key2, key3, key4, ...' in str(caught.value)
    assert 'key5' not in str(caught.value)


def test_not_strict_loads_what_fits_and_nothing_else(tmp_path):
    source, model = _model(), _model()
    before = model[1].bias.clone()
    state_dict = source.state_dict()
    state_dict['1.bias'] = torch.zeros(7)
    torch.save(state_dict, tmp_path / 'a.pth')
    comparison = load_weights(model, tmp_path / 'a.pth', strict=False)
    assert [key for key, *_ in comparison.mismatched] == ['1.bias']
    torch.testing.assert_close(model[0].weight, source[0].weight)
    torch.testing.assert_close(model[1].bias, before)


def test_a_file_without_one_matching_key_is_refused_even_when_not_strict(tmp_path):
    torch.save({'other': torch.zeros(1)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='0 keys match'):
        load_weights(_model(), tmp_path / 'a.pth', strict=False)


def test_weights_for_another_body_model_are_refused_by_name(tmp_path):
    model = nn.ModuleDict({'layer': nn.Linear(2, 1), 'body': SMPL()})
    state_dict = model.state_dict()
    state_dict['body._extra_state'] = torch.tensor(list(b'smpl'), dtype=torch.uint8)
    torch.save(state_dict, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=f"body model 'smpl', this one is '{model.body.model_id}'"):
        load_weights(model, tmp_path / 'a.pth')


def test_the_latest_checkpoint_of_a_renamed_folder(tmp_path):
    run = tmp_path / 'run'
    run.mkdir()
    assert latest_checkpoint(run) is None
    (run / 'last_checkpoint').write_text(str(run / 'iter_2.pth'))
    assert latest_checkpoint(run) == str(run / 'iter_2.pth')  # removed: whoever reads it says so
    (run / 'iter_2.pth').touch()
    assert latest_checkpoint(run) == str(run / 'iter_2.pth')
    renamed = run.rename(tmp_path / 'renamed')
    assert latest_checkpoint(renamed) == str(renamed / 'iter_2.pth')
