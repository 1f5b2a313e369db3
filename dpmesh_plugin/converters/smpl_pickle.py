"""The licensed SMPL pickles as plain arrays, without chumpy and without running their code.

The pickles were written by Python 2 with chumpy arrays and SciPy matrices inside. Both are rebuilt
here from the numbers they carry; nothing of those libraries is imported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.body_models.body_file import NUM_BETAS, NUM_POSE_FEATURES, SMPL_PARENTS

from .restricted_pickle import PLAIN, Inert, RestrictedUnpickler, reading

_CHUMPY_ARRAY = 'chumpy.ch.Ch'
_CHUMPY_SELECTION = 'chumpy.reordering.Select'
_KIND = 'an SMPL model (.pkl from https://smpl.is.tue.mpg.de)'
# Names of the published files by gender.
FILE_NAMES = {
    'neutral': (
        'SMPL_NEUTRAL.pkl',
        'basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl',
        'basicModel_neutral_lbs_10_207_0_v1.0.0.pkl',
    ),
    'male': (
        'SMPL_MALE.pkl',
        'basicmodel_m_lbs_10_207_0_v1.1.0.pkl',
        'basicmodel_m_lbs_10_207_0_v1.0.0.pkl',
        'basicModel_m_lbs_10_207_0_v1.0.0.pkl',
    ),
    'female': (
        'SMPL_FEMALE.pkl',
        'basicmodel_f_lbs_10_207_0_v1.1.0.pkl',
        'basicModel_f_lbs_10_207_0_v1.0.0.pkl',
    ),
}
_ARRAYS = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')


def read_smpl_pickle(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays of one SMPL pickle.

    Args:
        path: The ``.pkl``.

    Returns:
        The arrays of an SMPL file under their usual names: ``v_template`` (V, 3) and directions in
        metres, float64; ``J_regressor`` (24, V) dense; faces ``f`` (F, 3).

    Raises:
        FileNotFoundError: no such file.
        ValueError: damaged file, a pickle that asks for anything else than arrays, or arrays of
            another shape than SMPL's.
        KeyError: an array is missing.
    """
    path = Path(path).expanduser()

    def read() -> Any:
        with open(path, 'rb') as file:
            options = {'allowed': PLAIN, 'inert': ('chumpy', 'scipy.sparse')}
            return RestrictedUnpickler(file, encoding='latin1', **options).load()

    content = reading(path, _KIND, read)
    if not isinstance(content, Mapping):
        raise ValueError(f'{path.absolute()} holds a {type(content).__name__}, not {_KIND}')
    missing = [name for name in _ARRAYS if name not in content]
    if missing:
        raise KeyError(
            f'{path.absolute()} lacks {", ".join(missing)}; it has {", ".join(map(str, content))}. '
            f'Expected {_KIND}'
        )
    arrays = {name: _to_array(content[name], f'{path.name}: {name}') for name in _ARRAYS}
    _check_shapes(path, arrays)
    return arrays


def find_smpl_pickles(folder: str | Path) -> dict[str, Path]:
    """The published pickles in a folder, by gender.

    Args:
        folder: Searched with all below it.

    Raises:
        FileNotFoundError: none of the published names is there.
    """
    folder = Path(folder).expanduser()
    present = {path.name: path for path in sorted(folder.rglob('*.pkl'))}
    found = {
        gender: present[next(name for name in names if name in present)]
        for gender, names in FILE_NAMES.items()
        if any(name in present for name in names)
    }
    if not found:
        known = ', '.join(name for names in FILE_NAMES.values() for name in names)
        raise FileNotFoundError(
            f'found no SMPL pickle in {folder.absolute()}: expected one of {known}. Register at '
            'https://smpl.is.tue.mpg.de to get them'
        )
    return found


def _to_array(value: Any, where: str) -> np.ndarray:
    """A NumPy array from an array, a chumpy array or a SciPy matrix in compressed columns."""
    if isinstance(value, np.ndarray):
        return value
    state = value.state if isinstance(value, Inert) else {}
    path = getattr(value, 'path', type(value).__name__)
    if path == _CHUMPY_ARRAY:
        return np.asarray(state['x'])
    if path == _CHUMPY_SELECTION:
        picked = _to_array(state['a'], where).ravel()[state['idxs']]
        return picked.reshape(state.get('preferred_shape', picked.shape))
    if path.startswith('scipy.sparse.') and path.endswith('.csc_matrix'):
        dense = np.zeros(state['_shape'])
        columns = np.repeat(np.arange(dense.shape[1]), np.diff(state['indptr']))
        np.add.at(dense, (state['indices'], columns), state['data'])
        return dense
    raise ValueError(f'{where} is a {path}, expected an array, {_CHUMPY_ARRAY} or a csc_matrix')


def _check_shapes(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    vertices, joints = len(arrays['v_template']), len(SMPL_PARENTS)
    shapes = {
        'v_template': (vertices, 3),
        'shapedirs': (vertices, 3, max(NUM_BETAS, arrays['shapedirs'].shape[-1])),
        'posedirs': (vertices, 3, NUM_POSE_FEATURES),
        'J_regressor': (joints, vertices),
        'weights': (vertices, joints),
        'kintree_table': (2, joints),
        'f': (len(arrays['f']), 3),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(
                f'{path.absolute()}: {name} has shape {arrays[name].shape}, expected {shape}'
            )
