import json

import numpy as np
import pytest

from dpmesh_plugin.converters.fill_rule import fill_value


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


@pytest.mark.parametrize('size', ['tiny', 'full'])
def test_recorded_values(shared_dir, size):
    manifest = json.loads((shared_dir / f'parity/{size}/manifest.json').read_text())
    small = [row for row in manifest['keys'] if np.prod(row['shape']) < 5000]
    for row in small[::7]:
        if row['filled'] and row['alias_of'] is None:
            values = fill_value(row['key'], row['shape'])
            assert values.flat[0] == row['first'], row['key']
            total = values.astype(np.float64).sum()
            assert total == pytest.approx(row['sum'], abs=1e-9), row['key']
