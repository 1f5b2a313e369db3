import json

import numpy as np
import pytest

from dpmesh_plugin.converters.fill_rule import fill_value, filled_state


def test_by_hand():
    assert fill_value('exponent', ()) == pytest.approx(2.8223655)
    assert fill_value('neck.weight', (7,)).mean() == pytest.approx(1, abs=0.2)
    assert fill_value('x.bias', (50,)).std() == pytest.approx(0.02, rel=0.4)
    assert fill_value('bn.running_var', (50,)).min() >= 1
    prior = fill_value('vposer.vposer.bodyprior_dec_out.bias', (126,))
    np.testing.assert_allclose(prior[:6], [1, 0, 0, 1, 0, 0], atol=0.1)


def test_gain_follows_fan_in():
    plain = fill_value('layer.weight', (64, 25, 2, 2))
    assert plain.std() == pytest.approx(1 / 10, rel=0.05)
    assert fill_value('kp_lifting.weight', (768, 2)).std() == pytest.approx(4 / 2**0.5, rel=0.05)


def test_salt_gives_other_values():
    name, shape = 'layer.weight', (3, 3)
    assert not np.allclose(fill_value(name, shape, 'a'), fill_value(name, shape))
    assert np.array_equal(fill_value(name, shape, 'a'), fill_value(name, shape, 'a'))


def test_only_filled_rows_by_canonical_name():
    rows = [
        {'key': 'a.bias', 'shape': [3], 'filled': True, 'alias_of': None},
        {'key': 'b.bias', 'shape': [3], 'filled': True, 'alias_of': 'a.bias'},
        {'key': 'table', 'shape': [3], 'filled': False, 'alias_of': None},
    ]
    assert list(filled_state({'keys': rows})) == ['a.bias']


@pytest.mark.parametrize('size', ['tiny', 'full'])
def test_recorded_values(shared_dir, size):
    manifest = json.loads((shared_dir / f'parity/{size}/manifest.json').read_text())
    small = [row for row in manifest['keys'] if np.prod(row['shape']) < 5000]
    for name, tensor in filled_state({'keys': small[::7]}).items():
        row = next(row for row in small if row['key'] == name)
        assert tensor.flatten()[0].item() == row['first'], name
        assert tensor.double().sum().item() == pytest.approx(row['sum'], abs=1e-9), name
