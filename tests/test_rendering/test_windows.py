import numpy as np
import pytest

from dpmesh_plugin.rendering.windows import Window, find_windows

K = np.array([[100, 0, 50], [0, 100, 40], [0, 0, 1]], np.float64)
SIZE = (96, 80)


def _square(x, y, z, side=0.2):
    """Corners of a square that faces the camera."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32) * side / 2
    return corners + np.float32([x, y, z])


def test_a_window_holds_a_mesh_with_its_margin():
    # Pixels 45..55 and 35..45.
    (window,) = find_windows([_square(0, 0, 2)], K, SIZE, margin=1)
    assert window == Window(44, 34, 57, 47, (0,))
    np.testing.assert_array_equal(window.intrinsics(K), [[100, 0, 6], [0, 100, 6], [0, 0, 1]])


def test_windows_that_meet_become_one():
    left, right, between = _square(-0.4, 0, 2), _square(0.4, 0, 2), _square(0, 0, 2, 0.7)
    apart = find_windows([left, right], K, SIZE, margin=1)
    assert [window.members for window in apart] == [(0,), (1,)]
    (joined,) = find_windows([left, right, between], K, SIZE, margin=1)
    assert sorted(joined.members) == [0, 1, 2]
    assert (joined.left, joined.right) == (apart[0].left, apart[1].right)


def test_a_window_ends_where_the_picture_does():
    (window,) = find_windows([_square(0.45, 0.4, 2, 1.0)], K, SIZE, margin=1)
    assert (window.right, window.bottom) == SIZE
    assert find_windows([_square(9, 0, 2), _square(0, 0, -2)], K, SIZE, margin=1) == []


@pytest.mark.parametrize('edit', [lambda p: p[0].__setitem__(2, 0.01), lambda p: p.fill(np.nan)])
def test_what_is_cut_open_or_not_finite_may_be_anywhere(edit):
    points = _square(0, 0, 2)
    edit(points)
    (window,) = find_windows([points], K, SIZE, margin=1)
    assert window == Window(0, 0, *SIZE, (0,))
