import numpy as np
import pytest

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.body_models.body_file import ASSETS, read_bodies
from dpmesh_plugin.body_models.regressors import build_regressors
from dpmesh_plugin.structures.keypoint_sets import get_keypoint_set


@pytest.fixture(scope='module')
def body():
    return read_bodies(None, ['neutral'])['neutral']


@pytest.fixture(scope='module')
def bare(tmp_path_factory):
    """The open body in the guise of a licensed file: standard keys only."""
    arrays = np.load(ASSETS / 'openbody_neutral.npz', allow_pickle=False)
    keys = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')
    path = tmp_path_factory.mktemp('smpl')
    np.savez(path / 'SMPL_NEUTRAL.npz', **{key: arrays[key] for key in keys})
    return path


def test_thirty_joints_by_hand(body):
    matrix = build_regressors(body, {})['dpmesh_30']
    np.testing.assert_array_equal(matrix[:24], body.joint_regressor)
    rows, vertices = matrix[24:].nonzero()
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert vertices.tolist() == [331, 2802, 6262, 3489, 3990, 411]
    names = get_keypoint_set('dpmesh_30').names[24:]
    assert names == ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'head_top')
    assert (matrix @ body.v_template)[25, 0] > 0.02  # the left eye lies at positive x


def test_fourteen_joints_are_rows_of_seventeen(body):
    matrices = build_regressors(body, {})
    rows = [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16]
    np.testing.assert_array_equal(matrices['h36m_14'], matrices['h36m_17'][rows])


def test_parity(shared_dir):
    path = shared_dir / 'parity' / 'synthetic_body.npz'
    body = read_bodies(path, ['neutral'])['neutral']
    recorded = np.load(shared_dir / 'parity' / 'rotations.npz', allow_pickle=False)
    matrices = build_regressors(body, {})
    np.testing.assert_allclose(
        matrices['dpmesh_30'], recorded['joint_regressor30'], rtol=0, atol=1e-7
    )
    assert set(matrices) == {'smpl_24', 'dpmesh_30', 'h36m_17', 'h36m_14', 'coco_17'}


def test_regressors_from_files(bare, body, tmp_path):
    files = {}
    for name in ('h36m_17', 'coco_17'):
        files[name] = tmp_path / f'{name}.npy'
        np.save(files[name], body.regressors[name])
    extra = np.zeros((9, 6890))
    extra[3, 411] = 1
    files['extra_9'] = tmp_path / 'extra.npz'
    model_id = SMPL(path=bare).model_id
    np.savez(files['extra_9'], regressor=extra, model_id=model_id)
    licensed = read_bodies(bare, ['neutral'])['neutral']
    expected = build_regressors(body, {})
    matrices = build_regressors(licensed, files)
    assert set(matrices) == set(expected)
    for name, matrix in expected.items():
        np.testing.assert_array_equal(matrices[name], matrix)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('h36m_14', r"\{'h36m_17': PATH\}.*J_regressor_h36m_correct\.npy"),
        ('dpmesh_30', r"\{'extra_9': PATH\}.*J_regressor_extra\.npy"),
        ('coco_17', r'J_regressor_coco_hip_smpl\.npy'),
    ],
)
def test_missing_regressor_names_the_file(bare, name, message):
    model = SMPL(path=bare)
    assert model.keypoint_sets == ['smpl_24']
    with pytest.raises(KeyError, match=message):
        model.regress(model.faces.new_zeros(1, 6890, 3), name)


def test_missing_file_names_its_origin(body, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.npy.*Pose2Mesh'):
        build_regressors(body, {'h36m_17': tmp_path / 'nowhere.npy'})


def test_unknown_set_lists_the_known_ones(body, tmp_path):
    with pytest.raises(KeyError, match='h36m_17'):
        build_regressors(body, {'h36m_18': tmp_path / 'any.npy'})


def test_regressor_of_another_model_is_refused_by_name(body, tmp_path):
    path = tmp_path / 'other.npz'
    np.savez(path, regressor=body.regressors['h36m_17'], model_id='smpl-00000000')
    with pytest.raises(ValueError, match=r"'smpl-00000000'.*'openbody-"):
        build_regressors(body, {'h36m_17': path})


def test_regressor_of_another_model_is_refused_by_place(body, tmp_path):
    path = tmp_path / 'other.npy'
    np.save(path, np.roll(body.regressors['h36m_17'], 500, axis=1))
    with pytest.raises(ValueError, match='made for another body model'):
        build_regressors(body, {'h36m_17': path})


def test_malformed_regressor_files(body, tmp_path):
    np.savez(tmp_path / 'nameless.npz', matrix=np.zeros((17, 6890)))
    with pytest.raises(KeyError, match='lacks regressor'):
        build_regressors(body, {'h36m_17': tmp_path / 'nameless.npz'})
    np.save(tmp_path / 'narrow.npy', np.zeros((17, 100)))
    with pytest.raises(ValueError, match=r'\(17, 100\), not \(17, 6890\)'):
        build_regressors(body, {'h36m_17': tmp_path / 'narrow.npy'})
