"""Body-model files: plain npz in the layout of SMPL.

The licensed SMPL files are pickles that run code of their own and need chumpy. They are never
unpickled here: ``tools/model_converters/smpl.py`` turns them into npz once. smplx is therefore not
needed to load a body model (``smplx.SMPL`` reads pickles, but no npz path); the tests compare the
layer with it on the same arrays.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parent / 'assets'
GENDERS = ('neutral', 'male', 'female')
NUM_BETAS = 10
NUM_POSE_FEATURES = 207
SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
CONVERTER = 'python tools/model_converters/smpl.py'
# File names in a folder: licensed SMPL after conversion, then the open body.
FOLDER_NAMES = ('SMPL_{upper}.npz', 'openbody_{lower}.npz')
# The names under which published files carry a keypoint regressor.
REGRESSOR_KEYS = {
    'J_regressor_h36m': 'h36m_17',
    'J_regressor_h36m_correct': 'h36m_17',
    'J_regressor_coco': 'coco_17',
    'J_regressor_coco_hip_smpl': 'coco_17',
    'J_regressor_extra': 'extra_9',
}


@dataclass(frozen=True)
class BodyFile:
    """The arrays of one gender, float32, metres.

    Args:
        model_id: Names topology and shape space. The file's own key ``model_id`` where it has one,
            otherwise its name and a hash of its faces, such as ``openbody-141acbb3``. Genders of
            one model share their faces and so their id; without the key, two models with the same
            faces cannot be told apart.
        path: Where it was read.
        v_template: ``(V, 3)``.
        shapedirs: ``(V, 3, 10)``.
        posedirs: ``(V, 3, 207)``.
        joint_regressor: ``(24, V)``.
        weights: Skinning weights ``(V, 24)``.
        faces: ``(F, 3)`` int64.
        parents: Parent of each of the 24 joints, -1 for the root.
        regressors: Further regressors in the file by keypoint set, ``(K, V)`` each.
        landmarks: Named vertices, where the file has them.
        flip_vertices: Mirror permutation ``(V,)`` int64, where the file has it.
    """

    model_id: str
    path: Path
    v_template: np.ndarray
    shapedirs: np.ndarray
    posedirs: np.ndarray
    joint_regressor: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    parents: tuple[int, ...]
    regressors: dict[str, np.ndarray] = field(default_factory=dict)
    landmarks: dict[str, int] = field(default_factory=dict)
    flip_vertices: np.ndarray | None = None


def read_bodies(path: str | Path | None, genders: Sequence[str]) -> dict[str, BodyFile]:
    """Read the body model of every gender.

    Args:
        path: None for the open body of the package; a folder with ``SMPL_NEUTRAL.npz`` and the
            like; or one npz file, whose ``v_template`` is the neutral body and whose
            ``v_template_male`` and ``v_template_female`` are the others.
        genders: Names out of neutral, male, female.

    Returns:
        One :class:`BodyFile` per gender, in the order asked for.

    Raises:
        ValueError: no or an unknown gender, a pickled, damaged or ill-shaped file, or genders that
            belong to different models.
        KeyError: an array is missing in the file.
        FileNotFoundError: no such file or folder.
    """
    unknown = [gender for gender in genders if gender not in GENDERS]
    if unknown or not genders or isinstance(genders, str):
        raise ValueError(f'genders must be a list out of {", ".join(GENDERS)}, got {genders!r}.')
    bodies = {gender: _read_gender(Path(path or ASSETS), gender) for gender in genders}
    ids = {gender: body.model_id for gender, body in bodies.items()}
    if len(set(ids.values())) > 1:
        raise ValueError(f'the genders in {path} belong to different body models: {ids}.')
    return bodies


def _read_gender(path: Path, gender: str) -> BodyFile:
    if path.is_dir():
        return _parse(_find_in_folder(path, gender), 'v_template')
    if not path.exists():
        raise FileNotFoundError(
            f'no body model at {path.absolute()}. Give a folder with SMPL_NEUTRAL.npz and the like '
            f'(register at https://smpl.is.tue.mpg.de, then {CONVERTER}), one npz file, or None '
            'for the open body of this package.'
        )
    return _parse(path, 'v_template' if gender == 'neutral' else f'v_template_{gender}')


def _find_in_folder(folder: Path, gender: str) -> Path:
    names = [name.format(upper=gender.upper(), lower=gender) for name in FOLDER_NAMES]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    pickles = sorted(file.name for file in folder.glob('*.pkl'))
    hint = f' It holds pickles ({", ".join(pickles)}): convert them with {CONVERTER}.'
    raise FileNotFoundError(
        f'no {gender} body model in {folder.absolute()}: expected {names[0]} (from '
        f'https://smpl.is.tue.mpg.de, converted with {CONVERTER}) or {names[1]}.'
        + (hint if pickles else '')
    )


def _parse(path: Path, template_key: str) -> BodyFile:
    """Read one npz and check every array against the number of vertices."""
    arrays = read_npz(path)
    faces_key = 'f' if 'f' in arrays else 'faces'
    _check_arrays(path, arrays, template_key, faces_key)
    faces = arrays[faces_key].astype(np.int64)
    names, ids = arrays.get('landmark_names', ()), arrays.get('landmark_ids', ())
    flip = arrays.get('flip_vertices')
    return BodyFile(
        model_id=_model_id(path, arrays, faces),
        path=path,
        v_template=arrays[template_key].astype(np.float32),
        shapedirs=arrays['shapedirs'][..., :NUM_BETAS].astype(np.float32),
        posedirs=arrays['posedirs'].astype(np.float32),
        joint_regressor=arrays['J_regressor'].astype(np.float32),
        weights=arrays['weights'].astype(np.float32),
        faces=faces,
        parents=_parents(path, arrays['kintree_table']),
        regressors={
            name: arrays[key].astype(np.float32)
            for key, name in REGRESSOR_KEYS.items()
            if key in arrays
        },
        landmarks={str(name): int(vertex) for name, vertex in zip(names, ids, strict=True)},
        flip_vertices=None if flip is None else flip.astype(np.int64),
    )


def _check_arrays(
    path: Path, arrays: dict[str, np.ndarray], template_key: str, faces_key: str
) -> None:
    """Refuse a file in which an array is absent or does not fit the others."""
    required = (template_key, 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table')
    missing = [key for key in (*required, faces_key) if key not in arrays]
    if missing:
        raise KeyError(
            f'{path.absolute()} lacks {", ".join(missing)}; it has: {", ".join(arrays)}. A body '
            'model file carries the arrays of SMPL under their usual names.'
        )
    num_vertices, num_joints = len(arrays[template_key]), len(SMPL_PARENTS)
    shapes = {
        template_key: (num_vertices, 3),
        'shapedirs': (num_vertices, 3, max(NUM_BETAS, arrays['shapedirs'].shape[-1])),
        'posedirs': (num_vertices, 3, NUM_POSE_FEATURES),
        'J_regressor': (num_joints, num_vertices),
        'weights': (num_vertices, num_joints),
        'kintree_table': (2, num_joints),
        faces_key: (len(arrays[faces_key]), 3),
    }
    for key, shape in shapes.items():
        if arrays[key].shape != shape:
            raise ValueError(
                f'{path.absolute()}: {key} has shape {arrays[key].shape}, expected {shape}.'
            )


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file without ever unpickling.

    Raises:
        ValueError: the file is not an npz, is damaged, or contains pickled objects.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f'{path.absolute()} is not a plain npz file ({error}). Files with pickled objects, as '
            f'the licensed SMPL pickles, are converted once: {CONVERTER}.'
        ) from error


def _parents(path: Path, kintree_table: np.ndarray) -> tuple[int, ...]:
    """Parents of the joints; files write the root's parent as -1 or as 2^32 - 1."""
    parents = (-1, *(int(parent) for parent in kintree_table[0, 1:]))
    if parents != SMPL_PARENTS:
        raise ValueError(
            f'{path.absolute()}: kintree_table is not the tree of SMPL: {parents} instead of '
            f'{SMPL_PARENTS}.'
        )
    return parents


def _model_id(path: Path, arrays: dict[str, np.ndarray], faces: np.ndarray) -> str:
    if 'model_id' in arrays:
        return str(arrays['model_id'])
    family = path.stem.lower()
    for gender in GENDERS:
        family = family.removesuffix(f'_{gender}')
    return f'{family}-{hashlib.sha256(faces.astype("<i8").tobytes()).hexdigest()[:8]}'
