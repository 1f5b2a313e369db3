import numpy as np
import pytest

from dpmesh_plugin.apis import ImageMeshes, load_meshes, save_meshes


def _meshes():
    shapes = {
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
    arrays = {name: np.random.default_rng(0).random(shape) for name, shape in shapes.items()}
    names = np.array([f'joint_{i}' for i in range(30)])
    return ImageMeshes(image='a.jpg', body_model_id='box-1', joint_names=names, **arrays)


def test_a_file_gives_back_what_was_written(tmp_path):
    meshes = _meshes()
    save_meshes(meshes, tmp_path / 'a.npz')
    read = load_meshes(tmp_path / 'a.npz')
    assert (read.image, read.body_model_id, read.num_persons) == ('a.jpg', 'box-1', 2)
    for name, value in vars(meshes).items():
        np.testing.assert_array_equal(getattr(read, name), value)
    with np.load(tmp_path / 'a.npz', allow_pickle=False) as file:
        assert int(file['schema_version']) == 1
        assert not any(file[name].dtype.hasobject for name in file)


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / 'a.npz', schema_version=2)
    with pytest.raises(ValueError, match=r'a\.npz has schema version 2, this package reads 1'):
        load_meshes(tmp_path / 'a.npz')
    np.savez(tmp_path / 'a.npz', other=2)
    with pytest.raises(ValueError, match='schema version None'):
        load_meshes(tmp_path / 'a.npz')
    (tmp_path / 'a.npz').write_text('hello')
    with pytest.raises(ValueError, match=r'a\.npz is no npz file'):
        load_meshes(tmp_path / 'a.npz')
    with pytest.raises(FileNotFoundError):
        load_meshes(tmp_path / 'none.npz')
