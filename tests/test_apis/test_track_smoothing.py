import math

import numpy as np
import pytest
import torch

from dpmesh_plugin.apis.track_smoothing import Body, Frame, fill_gaps, mean_betas, smooth
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix


def _body(angle, x=0.0):
    turns = torch.zeros(24, 3, dtype=torch.float64)
    turns[:, 2] = angle
    return Body(axis_angle_to_matrix(turns), torch.tensor([x, 0, 4], dtype=torch.float64))


def _frame(number, **bodies):
    return Frame(number, None, {int(name[1:]): body for name, body in bodies.items()})


def test_a_gap_is_filled_by_turning_at_constant_speed():
    frames = [_frame(3, p0=_body(3.0, 0.0)), _frame(7, p0=_body(3.0 + 0.8, 0.4))]
    filled = list(fill_gaps(frames, 3))
    assert [frame.number for frame in filled] == [3, 4, 5, 6, 7]
    middle = filled[2].bodies[0]
    torch.testing.assert_close(middle.rotations, _body(3.4).rotations)
    assert middle.transl[0] == pytest.approx(0.2)
    assert middle.parameters()['global_orient'][2] == pytest.approx(3.4 - 2 * math.pi)


def test_a_longer_gap_stays_and_so_does_the_other_person():
    frames = [
        _frame(0, p0=_body(0.0), p1=_body(0.0)),
        _frame(2, p1=_body(0.0)),
        _frame(4, p0=_body(1.0), p1=_body(0.0)),
        _frame(40, p0=_body(0.0)),
    ]
    filled = {frame.number: sorted(frame.bodies) for frame in fill_gaps(frames, 2)}
    assert filled == {0: [0, 1], 1: [1], 2: [1], 3: [1], 4: [0, 1], 40: [0]}
    assert [frame.number for frame in fill_gaps(frames[:2], 0)] == [0, 2]


def test_filling_holds_no_more_frames_than_the_gap():
    taken = []

    def source():
        for number in range(100):
            taken.append(number)
            yield _frame(number, p0=_body(0.0))

    for frame in fill_gaps(source(), 5):
        assert taken[-1] - frame.number <= 6


def test_trembling_becomes_less_and_persons_stay_apart():
    random = np.random.default_rng(0)
    noise = 0.05 * random.standard_normal(100)
    frames = [
        _frame(n, p0=_body(3.14 + noise[n], noise[n]), p1=_body(-1.0, 5.0)) for n in range(100)
    ]
    smoothed = list(smooth(frames, 25.0))
    places = np.array([frame.bodies[0].transl[0].item() for frame in smoothed])
    assert np.abs(np.diff(places)).mean() < 0.3 * np.abs(np.diff(noise)).mean()
    for frame in smoothed:
        torch.testing.assert_close(frame.bodies[1].rotations, _body(-1.0).rotations)
        # Half a turn and a bit more stays there, although the angles jump by a whole turn.
        turned = frame.bodies[0].rotations[0, 0, 0]
        assert turned < -0.99


def test_shapes_are_averaged_per_person():
    frames = [
        {'person_ids': np.array([0, 1]), 'betas': np.array([[1.0] * 10, [5.0] * 10])},
        {'person_ids': np.array([0]), 'betas': np.array([[2.0] * 10])},
    ]
    means = mean_betas(frames)
    assert (means[0][3], means[1][3]) == (1.5, 5.0)
