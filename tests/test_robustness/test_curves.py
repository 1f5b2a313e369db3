import json

import numpy as np
import pytest

from dpmesh_plugin.robustness import Errors, areas, curve, mean_height, sweep
from dpmesh_plugin.robustness.catalogue import SHARES
from dpmesh_plugin.robustness.stresses import Stress, drop_keypoints


def test_mean_height_by_hand():
    assert mean_height([0, 1], [10, 20]) == 15
    assert mean_height([0, 1, 3], [0, 10, 10]) == pytest.approx(25 / 3, abs=1e-3)
    assert mean_height([0, 1, 2], [10, None, 30]) == 20
    assert mean_height([0, 1], [10, None]) is None


def _errors(*values: float) -> Errors:
    array = np.array(values)
    return Errors({'MPJPE': array}, array[:, None], np.array([20, 10]))


def test_a_curve_is_the_mean_of_finite_predictions():
    result = curve([0.0, 0.5], [_errors(40, 60), _errors(80, np.nan)])
    assert result['metrics'] == {'MPJPE': [50, 80]}
    assert result['standard_error'] == {'MPJPE': [10, None]}
    assert result['not_finite'] == [0, 1]
    assert result['keypoints'] == [15, 15]
    assert (result['area'], result['rise']) == ({'MPJPE': 65}, {'MPJPE': 15})
    assert areas({'a': result}, 'MPJPE') == {'a': 65}
    nothing = curve([0.0, 0.5], [_errors(np.nan, np.nan)] * 2)
    assert nothing['area'] == nothing['rise'] == {'MPJPE': None}
    json.dumps(nothing, allow_nan=False)


def test_a_sweep_of_a_model(subject):
    stress = Stress('drop', 'share', SHARES, drop_keypoints)
    clean = subject.errors()
    result = sweep(subject, stress, clean, 0)
    means = result['metrics']['MPJPE']
    assert result['severity'] == list(SHARES)
    assert means == sorted(means)
    assert means[0] == pytest.approx(clean.values['MPJPE'].mean(), abs=1e-3)
    assert result['keypoints'][-1] == 0
    assert result['meaning'] == 'share'
    assert result == sweep(subject, stress, clean, 0)
