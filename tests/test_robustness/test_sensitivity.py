import json

import numpy as np
import pytest

from dpmesh_plugin.robustness import Slider, sensitivity_map


def test_the_square_reaches_all_borders():
    slider = Slider(side=0.25, steps=4)
    assert slider.corners(256) == [0, 64, 128, 192]
    assert slider.pixels(256) == 64
    with pytest.raises(ValueError, match='side between 0 and 1 .* got 1.5 and 4'):
        Slider(side=1.5, steps=4)


def test_only_the_weak_spot_hurts(subject):
    slider = Slider(side=0.25, steps=4)
    clean = subject.errors()
    result = sensitivity_map(subject, slider, clean)
    rise = np.array(result['rise'])
    assert rise.shape == (14, 4, 4)
    assert len(result['joints']) == 14
    # The weak spot (60, 60) is below the first square only.
    assert rise[:, 0, 0].min() > 50
    rise[:, 0, 0] = 0
    np.testing.assert_allclose(rise, 0, atol=0.01)
    assert np.array(result['crop']).shape == (64, 64)
    assert result['samples'] == 2
    json.dumps(result, allow_nan=False)


def test_prompts_and_samples_stay_as_they_are(subject):
    packed = subject.samples()[0]
    before = packed['inputs'].clone()
    covered = Slider().cover(packed, 10, 20)
    assert (covered['inputs'][:, 20:84, 10:74] == 128).all()
    np.testing.assert_array_equal(packed['inputs'], before)
    assert covered['data_samples'] is not packed['data_samples']
