import os
import pickle
import sys
import types

import numpy as np
import pytest

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.body_models.body_file import ASSETS
from dpmesh_plugin.converters.smpl_pickle import find_smpl_pickles, read_smpl_pickle

NAMES = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')


class Hostile:
    def __reduce__(self):
        return os.mkdir, ('trap',)


def _fake(monkeypatch, module, name, state):
    """An instance of ``module.name``, a class that exists only while it is pickled."""
    *parents, _ = module.split('.')
    for i in range(len(parents)):
        path = '.'.join(parents[: i + 1])
        monkeypatch.setitem(sys.modules, path, sys.modules.get(path) or types.ModuleType(path))
    if not hasattr(sys.modules.get(module), 'made_by_a_test'):
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
        sys.modules[module].made_by_a_test = True
        setattr(sys.modules[module], name, type(name, (), {'__module__': module}))
    instance = getattr(sys.modules[module], name)()
    instance.__dict__.update(state)
    return instance


@pytest.fixture
def body():
    with np.load(ASSETS / 'openbody_neutral.npz') as archive:
        return {name: archive[name] for name in NAMES}


@pytest.fixture
def published(body, monkeypatch):
    """The open body in the clothes of the licensed files: chumpy and SciPy objects, protocol 2."""

    def dress(**extra):
        array = _fake(
            monkeypatch, 'chumpy.ch', 'Ch', {'x': body['shapedirs'], '_dirty_vars': set()}
        )
        pose = body['posedirs']
        selected = _fake(
            monkeypatch,
            'chumpy.reordering',
            'Select',
            {
                'a': _fake(monkeypatch, 'chumpy.ch', 'Ch', {'x': pose[:, ::-1]}),
                'idxs': np.arange(pose.size).reshape(pose.shape)[:, ::-1].ravel(),
                'preferred_shape': pose.shape,
            },
        )
        regressor = body['J_regressor']
        columns, rows = np.nonzero(regressor.T)
        counts = np.bincount(columns, minlength=regressor.shape[1])
        matrix = _fake(
            monkeypatch,
            'scipy.sparse.csc',
            'csc_matrix',
            {
                '_shape': regressor.shape,
                'data': regressor[rows, columns],
                'indices': rows,
                'indptr': np.concatenate([[0], counts.cumsum()]),
            },
        )
        content = {**body, 'shapedirs': array, 'posedirs': selected, 'J_regressor': matrix}
        data = pickle.dumps({**content, **extra}, protocol=2)
        for name in [name for name in sys.modules if name.startswith('chumpy')]:
            monkeypatch.delitem(sys.modules, name)
        return data

    return dress


def test_arrays_are_those_inside_the_wrappers(body, published, tmp_path):
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(published())
    arrays = read_smpl_pickle(path)
    for name in NAMES:
        np.testing.assert_array_equal(arrays[name], body[name], err_msg=name)
    assert 'chumpy' not in sys.modules
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **arrays)
    assert SMPL(path=tmp_path).num_vertices == len(body['v_template'])


def test_code_in_a_pickle_is_refused_and_not_run(published, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'SMPL_MALE.pkl'
    path.write_bytes(published(J=Hostile()))
    with pytest.raises(ValueError, match=r'SMPL_MALE\.pkl asks for posix\.mkdir, which could run'):
        read_smpl_pickle(path)
    assert not (tmp_path / 'trap').exists()


def test_other_expressions_of_chumpy_are_named(published, tmp_path, monkeypatch):
    product = _fake(monkeypatch, 'chumpy.ch_ops', 'MatVecMult', {'mtx': 1})
    path = tmp_path / 'SMPL_MALE.pkl'
    path.write_bytes(published(J=product))
    assert read_smpl_pickle(path)['v_template'].shape[1] == 3
    product = _fake(monkeypatch, 'chumpy.ch_ops', 'MatVecMult', {'mtx': 1})
    path.write_bytes(published(weights=product))
    with pytest.raises(
        ValueError, match=r'SMPL_MALE\.pkl: weights is a chumpy\.ch_ops\.MatVecMult'
    ):
        read_smpl_pickle(path)


def test_bad_files(body, published, tmp_path):
    path = tmp_path / 'SMPL_MALE.pkl'
    path.write_bytes(published()[:5000])
    with pytest.raises(
        ValueError, match=r'SMPL_MALE\.pkl \(5000 bytes\) is not readable as an SMPL'
    ):
        read_smpl_pickle(path)
    path.write_bytes(pickle.dumps({'v_template': body['v_template']}))
    with pytest.raises(KeyError, match='lacks shapedirs, posedirs'):
        read_smpl_pickle(path)
    path.write_bytes(published(weights=body['weights'][:, :22]))
    with pytest.raises(ValueError, match=r'weights has shape \(\d+, 22\), expected \(\d+, 24\)'):
        read_smpl_pickle(path)


def test_published_file_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'expected one of SMPL_NEUTRAL\.pkl'):
        find_smpl_pickles(tmp_path)
    (tmp_path / 'models').mkdir()
    for name in ('basicModel_f_lbs_10_207_0_v1.0.0.pkl', 'other.pkl'):
        (tmp_path / 'models' / name).touch()
    assert {gender: path.name for gender, path in find_smpl_pickles(tmp_path).items()} == {
        'female': 'basicModel_f_lbs_10_207_0_v1.0.0.pkl'
    }
