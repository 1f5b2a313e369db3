import pickle

import numpy as np
import pytest

from dpmesh_plugin.body_models.body_file import ASSETS, read_bodies


@pytest.fixture(scope='module')
def arrays():
    return dict(np.load(ASSETS / 'openbody_neutral.npz', allow_pickle=False))


def write(folder, arrays, name='SMPL_NEUTRAL.npz', **changes):
    np.savez(folder / name, **{**arrays, **changes})
    return folder


def test_open_body():
    bodies = read_bodies(None, ['male', 'neutral'])
    assert list(bodies) == ['male', 'neutral']
    assert {body.model_id for body in bodies.values()} == {'openbody-141acbb3'}
    body = bodies['male']
    assert body.path.name == 'openbody_male.npz'
    assert body.v_template.shape == (6890, 3)
    assert body.faces.dtype == np.int64
    assert body.parents[0] == -1
    assert body.landmarks['nose'] == 332
    assert set(body.regressors) == {'h36m_17', 'coco_17'}
    np.testing.assert_allclose(body.weights.sum(1), 1, atol=1e-6)


def test_one_file_with_three_templates(shared_dir):
    path = shared_dir / 'parity' / 'synthetic_body.npz'
    bodies = read_bodies(path, ['neutral', 'female'])
    assert bodies['female'].model_id.startswith('synthetic_body-')
    assert np.abs(bodies['female'].v_template - bodies['neutral'].v_template).max() > 1e-3
    np.testing.assert_array_equal(bodies['female'].weights, bodies['neutral'].weights)


def test_licensed_layout(tmp_path, arrays):
    wide = np.zeros((6890, 3, 300), dtype=np.float32)
    wide[..., :10] = arrays['shapedirs']
    body = read_bodies(write(tmp_path, arrays, shapedirs=wide), ['neutral'])['neutral']
    assert body.model_id == 'smpl-141acbb3'
    np.testing.assert_array_equal(body.shapedirs, arrays['shapedirs'])


def test_a_model_id_in_the_file_counts(tmp_path, arrays):
    body = read_bodies(write(tmp_path, arrays, model_id='mine-2'), ['neutral'])['neutral']
    assert body.model_id == 'mine-2'


def test_genders_of_different_models_are_refused(tmp_path, arrays):
    write(tmp_path, arrays)
    write(tmp_path, arrays, name='SMPL_MALE.npz', f=arrays['f'][::-1])
    with pytest.raises(ValueError, match='different body models'):
        read_bodies(tmp_path, ['neutral', 'male'])


@pytest.mark.parametrize('genders', [[], ['neutral', 'child'], 'neutral'])
def test_unknown_genders_are_refused(genders):
    with pytest.raises(ValueError, match='neutral, male, female'):
        read_bodies(None, genders)


def test_missing_path_says_where_files_come_from(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere.*smpl\.is\.tue\.mpg\.de'):
        read_bodies(tmp_path / 'nowhere', ['neutral'])


def test_missing_gender_file_is_named(tmp_path, arrays):
    with pytest.raises(FileNotFoundError, match=r'no male body model in .*SMPL_MALE\.npz'):
        read_bodies(write(tmp_path, arrays), ['male'])


def test_pickles_are_never_read(tmp_path):
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(pickle.dumps({'v_template': [1]}))
    converter = r'tools/model_converters/smpl\.py'
    with pytest.raises(FileNotFoundError, match=rf'holds pickles \(SMPL_NEUTRAL.*{converter}'):
        read_bodies(tmp_path, ['neutral'])
    with pytest.raises(ValueError, match=rf'not a plain npz.*{converter}'):
        read_bodies(path, ['neutral'])


def test_pickled_objects_inside_npz_are_refused(tmp_path, arrays):
    objects = np.array([{'sparse': 1}], dtype=object)
    with pytest.raises(ValueError, match='not a plain npz file'):
        read_bodies(write(tmp_path, arrays, J_regressor=objects), ['neutral'])


def test_damaged_file_is_named(tmp_path, arrays):
    whole = (write(tmp_path, arrays) / 'SMPL_NEUTRAL.npz').read_bytes()
    for content in (b'', whole[: len(whole) // 2], b'text'):
        (tmp_path / 'SMPL_NEUTRAL.npz').write_bytes(content)
        with pytest.raises(ValueError, match=r'SMPL_NEUTRAL\.npz is not a plain npz'):
            read_bodies(tmp_path, ['neutral'])


def test_missing_array_is_named(tmp_path, arrays):
    fewer = {key: value for key, value in arrays.items() if key != 'posedirs'}
    with pytest.raises(KeyError, match=r'lacks posedirs; it has: v_template'):
        read_bodies(write(tmp_path, fewer), ['neutral'])


@pytest.mark.parametrize(
    ('key', 'shape'),
    [
        ('weights', (6890, 22)),
        ('shapedirs', (6890, 3, 9)),
        ('J_regressor', (24, 6889)),
        ('f', (10, 4)),
    ],
)
def test_wrong_shape_is_named(tmp_path, arrays, key, shape):
    with pytest.raises(ValueError, match=f'{key} has shape'):
        read_bodies(write(tmp_path, arrays, **{key: np.zeros(shape)}), ['neutral'])


def test_another_tree_is_refused(tmp_path, arrays):
    tree = arrays['kintree_table'].copy()
    tree[0, 5] = 0
    with pytest.raises(ValueError, match='not the tree of SMPL'):
        read_bodies(write(tmp_path, arrays, kintree_table=tree), ['neutral'])
