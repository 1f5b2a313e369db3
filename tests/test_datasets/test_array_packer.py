import pickle

import numpy as np
import pytest

from dpmesh_plugin.datasets.array_packer import ArrayPacker


def test_round_trip_of_different_layouts():
    first = {
        'name': 'a',
        'box': np.arange(4, dtype=np.float32),
        'body': {'pose': np.ones((23, 3)), 'codes': np.array([1, -2], np.int8)},
    }
    second = {'box': np.zeros((2, 4), np.float32), 'empty': np.zeros((0, 3)), 'size': (3, 4)}
    packer = ArrayPacker()
    packed = [packer.pack(values) for values in (first, second, first)]
    unpacked = [packer.unpack(pickle.loads(pickle.dumps(row))) for row in packed]
    for before, after in zip((first, second, first), unpacked, strict=True):
        assert before.keys() == after.keys()
    np.testing.assert_array_equal(unpacked[2]['body']['pose'], first['body']['pose'])
    np.testing.assert_array_equal(unpacked[0]['body']['codes'], [1, -2])
    assert unpacked[0]['body']['codes'].dtype == np.int8
    assert unpacked[1]['empty'].shape == (0, 3)
    assert unpacked[1]['size'] == (3, 4)


def test_arrays_may_be_written_to_without_harm():
    packer = ArrayPacker()
    packed = packer.pack({'box': np.arange(4)})
    packer.unpack(packed)['box'][:] = -1
    assert packer.unpack(packed)['box'].tolist() == [0, 1, 2, 3]


def test_other_things_in_inner_dicts_are_refused():
    with pytest.raises(TypeError, match="arrays in 'body', got .*str.* at 'gender'"):
        ArrayPacker().pack({'body': {'gender': 'male'}})
