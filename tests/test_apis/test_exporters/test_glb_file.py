import json

import numpy as np
import pygltflib
import pytest

from dpmesh_plugin.apis.exporters.glb_file import ARRAY_BUFFER, GLBFile


@pytest.fixture
def glb():
    glb = GLBFile({'generator': 'a test'})
    glb.add('nodes', name='only')
    return glb


def test_the_container_is_as_specified(glb, tmp_path):
    glb.add_array(np.array([1, 2, 3], np.uint8))
    glb.add_array(np.zeros((2, 3)), target=ARRAY_BUFFER, bounds=True)
    glb.save(tmp_path / 'a.glb')
    data = (tmp_path / 'a.glb').read_bytes()
    assert (data[:4], int.from_bytes(data[4:8], 'little')) == (b'glTF', 2)
    assert int.from_bytes(data[8:12], 'little') == len(data)
    length = int.from_bytes(data[12:16], 'little')
    assert (data[16:20], length % 4) == (b'JSON', 0)
    content = json.loads(data[20 : 20 + length])
    assert content['asset'] == {'version': '2.0', 'generator': 'a test'}
    binary = data[20 + length :]
    assert (binary[4:8], int.from_bytes(binary[:4], 'little')) == (b'BIN\0', len(binary) - 8)
    first, second = content['bufferViews']
    assert (first['byteLength'], second['byteOffset'], second['byteLength']) == (3, 4, 24)
    assert content['accessors'][1]['max'] == [0, 0, 0]


def test_matrices_are_stored_column_by_column(glb, tmp_path):
    glb.add_array(np.arange(16.0).reshape(1, 4, 4))
    glb.save(tmp_path / 'a.glb')
    blob = pygltflib.GLTF2().load(str(tmp_path / 'a.glb')).binary_blob()
    assert np.frombuffer(blob, np.float32)[:5].tolist() == [0, 4, 8, 12, 1]


def test_keyframes_share_one_animation(glb):
    seconds = glb.add_array(np.array([0.0, 0.5]), bounds=True)
    glb.animate(0, 'translation', seconds, np.zeros((2, 3)))
    glb.animate(0, 'scale', seconds, np.ones((2, 3)), step=True)
    (animation,) = glb.content['animations']
    assert [channel['sampler'] for channel in animation['channels']] == [0, 1]
    assert [s['interpolation'] for s in animation['samplers']] == ['LINEAR', 'STEP']


def test_a_file_that_cannot_be_written_leaves_nothing(glb, tmp_path):
    glb.add('nodes', translation=[float('nan'), 0, 0])
    with pytest.raises(ValueError, match='not JSON compliant'):
        glb.save(tmp_path / 'a.glb')
    assert list(tmp_path.iterdir()) == []
