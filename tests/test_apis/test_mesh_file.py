import pickle

import numpy as np
import pytest

from dpmesh_plugin.apis import ImageMeshes, load_meshes, save_meshes
from dpmesh_plugin.apis.mesh_file import read_frame_stamp

SHAPES = {
    'image_size': (2,),
    'intrinsics': (3, 3),
    'person_ids': (2,),
    'global_orient': (2, 3),
    'body_pose': (2, 23, 3),
    'betas': (2, 10),
    'transl': (2, 3),
    'vertices': (2, 8, 3),
    'faces': (12, 3),
    'joints': (2, 30, 3),
    'keypoints': (2, 30, 2),
    'keypoint_scores': (2, 30),
    'boxes': (2, 4),
}


def _version_1():
    arrays = {name: np.random.default_rng(0).random(shape) for name, shape in SHAPES.items()}
    arrays['keypoint_scores'][0, :4] = 0
    arrays['faces'] = np.arange(36).reshape(12, 3) % 8
    names = np.array([f'joint_{i}' for i in range(30)])
    return {'image': 'a.jpg', 'body_model_id': 'box-1', 'joint_names': names, **arrays}


def _meshes(**changes):
    visible = np.arange(60).reshape(2, 30) % 3 > 0
    added = {'keypoints_visible': visible, 'skeleton': np.ones((2, 24, 3))}
    return ImageMeshes(**{**_version_1(), **added, **changes})


def test_a_file_gives_back_what_was_written(tmp_path):
    meshes = _meshes(frame_index=12, frame_rate=25.0)
    save_meshes(meshes, tmp_path / 'a.npz')
    read = load_meshes(tmp_path / 'a.npz')
    assert (read.image, read.body_model_id, read.num_persons) == ('a.jpg', 'box-1', 2)
    assert (read.frame_index, read.frame_rate) == (12, 25.0)
    for name, value in vars(meshes).items():
        np.testing.assert_array_equal(getattr(read, name), value)
    assert read_frame_stamp(tmp_path / 'a.npz') == (12, 25.0)
    with np.load(tmp_path / 'a.npz', allow_pickle=False) as file:
        assert int(file['schema_version']) == 2
        assert not any(file[name].dtype.hasobject for name in file)


def test_version_1_is_read(tmp_path):
    path = tmp_path / 'a.npz'
    old = _version_1()
    np.savez_compressed(path, schema_version=1, **old)
    read = load_meshes(path)
    np.testing.assert_array_equal(read.vertices, old['vertices'])
    np.testing.assert_array_equal(read.keypoints_visible, old['keypoint_scores'] > 0)
    assert read.skeleton.shape == (2, 24, 3)
    assert np.isnan(read.skeleton).all()
    assert (read.frame_index, read.frame_rate) == (-1, 0.0) == read_frame_stamp(path)


@pytest.mark.parametrize('content', [{'schema_version': 3}, {'other': 2}, {'schema_version': 0}])
def test_other_versions_are_refused(tmp_path, content):
    np.savez(tmp_path / 'a.npz', **content)
    came = content.get('schema_version')
    message = rf'a\.npz has schema version {came}, this package reads 1, 2; expected a file written'
    for read in (load_meshes, read_frame_stamp):
        with pytest.raises(ValueError, match=message):
            read(tmp_path / 'a.npz')


def test_what_is_no_whole_npz_is_refused(tmp_path):
    path = tmp_path / 'a.npz'
    save_meshes(_meshes(), path)
    whole = path.read_bytes()
    damaged = whole[:400] + bytes(40) + whole[440:]
    arrays = pickle.dumps({'vertices': 1})
    for content in (b'hello', b'', whole[: len(whole) // 2], damaged, arrays):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'a\.npz is no npz file, is cut off, or has pickled'):
            load_meshes(path)
    np.save(tmp_path / 'a.npy', np.zeros(3))
    with pytest.raises(ValueError, match=r'a\.npy is no npz file'):
        load_meshes(tmp_path / 'a.npy')
    with pytest.raises(FileNotFoundError, match=r'of tools/infer\.py, found none at .*none\.npz'):
        load_meshes(tmp_path / 'none.npz')


def test_pickled_objects_are_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / 'exploded'), 'w'))

    vertices = np.array([Bomb()], dtype=object)
    np.savez(tmp_path / 'a.npz', schema_version=1, **{**_version_1(), 'vertices': vertices})
    with pytest.raises(ValueError, match='pickled objects, which are never loaded'):
        load_meshes(tmp_path / 'a.npz')
    assert not (tmp_path / 'exploded').exists()


def test_arrays_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / 'a.npz'
    save_meshes(_meshes(betas=np.zeros((3, 10))), path)
    with pytest.raises(ValueError, match=r'a\.npz: betas has shape \(3, 10\), expected \(2, 10\)'):
        load_meshes(path)
    save_meshes(_meshes(transl=np.full((2, 3), np.nan)), path)
    with pytest.raises(ValueError, match=r'a\.npz: transl is not finite'):
        load_meshes(path)
    old = _version_1()
    del old['betas']
    np.savez(path, schema_version=1, **old)
    with pytest.raises(KeyError, match=r'a\.npz lacks betas; it has: '):
        load_meshes(path)
