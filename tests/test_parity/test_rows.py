import math

import numpy as np
import pytest

from dpmesh_plugin.parity import Report, Row


def test_error_is_relative_to_the_largest_recorded_value():
    report = Report()
    report.add('a', [1.0, -8.0], [1.2, -8.0], 0.03)
    assert report.rows[0].error == pytest.approx(0.2 / 8)
    assert report.failed == []


def test_error_in_a_unit():
    report = Report()
    report.add('a', np.zeros((2, 3)), np.full((2, 3), 0.002), 1.0, unit='mm', scale=1000)
    assert report.rows[0].error == pytest.approx(2)
    assert report.failed == report.rows


def test_values_that_are_not_finite_must_be_the_same():
    report = Report()
    report.add('same', [1, np.nan], [1, np.nan], 0.1)
    report.add('ours', [np.nan, 1], [1, 1], 0.1)
    report.add('recorded', [1, 1], [np.nan, 1], 0.1)
    assert [row.ok for row in report.rows] == [True, False, False]


def test_other_shape_fails_and_is_told():
    report = Report()
    report.add('a', np.zeros(3), np.zeros(4), 1.0)
    assert not report.rows[0].ok
    assert report.notes == ['a: shape (3,), recorded is (4,)']


def test_worst_first_by_share_of_the_limit():
    rows = [Row('a', 0.5, 1.0), Row('b', 0.1, 0.01), Row('c', math.nan, 1.0), Row('d', 0.0, 0.0)]
    assert [row.name for row in Report(rows).worst_first()] == ['c', 'b', 'a', 'd']
