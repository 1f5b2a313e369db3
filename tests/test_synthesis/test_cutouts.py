import numpy as np
import pytest

from dpmesh_plugin.registry import OCCLUDERS
from dpmesh_plugin.structures import Visibility
from dpmesh_plugin.synthesis.cutouts import KINDS


def test_objects_of_every_kind_depend_on_their_number_only():
    source = OCCLUDERS.build({'type': 'RenderedObjects', 'number': len(KINDS), 'side': 32})
    again = OCCLUDERS.build({'type': 'RenderedObjects', 'number': 500, 'side': 32})
    for index in range(len(source)):
        cutout = source[index]
        height, width, channels = cutout.pixels.shape
        assert channels == 4
        assert 24 <= max(height, width) <= 32
        opaque = cutout.pixels[..., 3] > 127
        assert 0.02 < opaque.mean() <= 1
        assert cutout.pixels[opaque][:, :3].max() > 5
        assert cutout.cause == Visibility.OCCLUDED_BY_OBJECT
    np.testing.assert_array_equal(again[7].pixels, source[7].pixels)
    assert source[7] is source[7]
    assert not np.array_equal(again[7 + len(KINDS)].pixels, source[7].pixels)


def test_people():
    source = OCCLUDERS.build({'type': 'RenderedPeople', 'number': 2, 'side': 64})
    assert len(source) == 2
    for cutout in (source[0], source[1]):
        assert cutout.cause == Visibility.OCCLUDED_BY_PERSON
        assert max(cutout.pixels.shape) in (62, 63, 64)
        assert 0.05 < (cutout.pixels[..., 3] > 127).mean() < 0.9


def test_bad_arguments():
    with pytest.raises(KeyError, match=r"unknown kinds \['dragon'\]; known: crate, table"):
        OCCLUDERS.build({'type': 'RenderedObjects', 'kinds': ['dragon']})
    with pytest.raises(ValueError, match='number >= 1 and side >= 8 px, got 0 and 128'):
        OCCLUDERS.build({'type': 'RenderedObjects', 'number': 0})
    with pytest.raises(ValueError, match='side >= 8 px, got 100 and 4'):
        OCCLUDERS.build({'type': 'RenderedPeople', 'side': 4})
