"""Matrices that take mesh vertices to keypoints, by keypoint set."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dpmesh_plugin.structures.keypoint_sets import SUPERSETS, get_keypoint_set, keypoint_map

from .body_file import BodyFile, read_npz

# Vertices of nose, eyes and ears in the published 30-joint set (left before right).
FACE_VERTICES = (331, 2802, 6262, 3489, 3990)
# Row of J_regressor_extra that is the top of the head.
HEAD_TOP_ROW = 3
EXTRA = 'extra_9'
# How far a regressed limb joint may lie from the body's own joint of that name in the rest pose.
# Fitting regressors differ by a few centimetres; one made for another vertex order misses by more
# than 0.3 m somewhere.
LIMB_TOLERANCE = 0.15
LIMBS = tuple(
    f'{side}_{joint}' for side in ('left', 'right') for joint in ('knee', 'ankle', 'elbow', 'wrist')
)
ORIGINS = {
    'h36m_17': 'J_regressor_h36m_correct.npy of the Pose2Mesh or JOTR release',
    'coco_17': 'J_regressor_coco_hip_smpl.npy of the Pose2Mesh or JOTR release',
    EXTRA: 'J_regressor_extra.npy of the SPIN or JOTR release',
}
# Sets that follow from another regressor.
DERIVED = {**SUPERSETS, 'dpmesh_30': EXTRA}


def build_regressors(body: BodyFile, files: Mapping[str, str | Path]) -> dict[str, np.ndarray]:
    """All regressors that a body file and further files give.

    Args:
        body: The body model.
        files: Further regressors by keypoint set (``'h36m_17'``, ``'coco_17'``, ...) or
            ``'extra_9'`` (whose row 3 is the top of the head); npy, or npz with the keys
            ``regressor`` and ``model_id``. They take precedence over those in the body file.

    Returns:
        Matrices ``(K, V)`` float32 by keypoint set.

    Raises:
        KeyError: unknown keypoint set, or npz without the key ``regressor``.
        FileNotFoundError: a file is missing.
        ValueError: a regressor has the wrong shape or belongs to another body model.
    """
    given = {**body.regressors, **{name: _read(Path(p), name, body) for name, p in files.items()}}
    matrices = {'smpl_24': body.joint_regressor, **given}
    matrices.pop(EXTRA, None)
    for name, superset in SUPERSETS.items():
        if superset in matrices:
            matrices[name] = matrices[superset][keypoint_map(superset, name)]
    head_top = _head_top(body, given)
    if head_top is not None:
        face = _one_hot(FACE_VERTICES, len(body.v_template))
        matrices['dpmesh_30'] = np.concatenate((body.joint_regressor, face, head_top))
    for name, matrix in matrices.items():
        _check(name, matrix, body)
    return matrices


def describe_missing(name: str, body_id: str, available: list[str]) -> str:
    """Message for a keypoint set that a body model cannot give; KeyError for an unknown set."""
    get_keypoint_set(name)
    source = DERIVED.get(name, name)
    origin = f' ({ORIGINS[source]})' if source in ORIGINS else ''
    return (
        f'body model {body_id} has no regressor for {name!r}; it has: {", ".join(available)}. Pass '
        f"regressors={{'{source}': PATH}} with a file made for this body model{origin}."
    )


def _read(path: Path, name: str, body: BodyFile) -> np.ndarray:
    if name != EXTRA:
        get_keypoint_set(name)
    if not path.is_file():
        origin = f' It is {ORIGINS[name]}.' if name in ORIGINS else ''
        raise FileNotFoundError(f'no regressor {name!r} at {path.absolute()}.{origin}')
    if path.suffix != '.npz':
        return np.load(path, allow_pickle=False).astype(np.float32)
    arrays = read_npz(path)
    if 'regressor' not in arrays:
        raise KeyError(f'{path.absolute()} lacks regressor; it has: {", ".join(arrays)}.')
    made_for = str(arrays.get('model_id', body.model_id))
    if made_for != body.model_id:
        raise ValueError(
            f'regressor {path.absolute()} was made for body model {made_for!r}, but '
            f'{body.path} is {body.model_id!r}: same shapes, different bodies.'
        )
    return arrays['regressor'].astype(np.float32)


def _head_top(body: BodyFile, given: Mapping[str, np.ndarray]) -> np.ndarray | None:
    if EXTRA in given:
        return given[EXTRA][HEAD_TOP_ROW : HEAD_TOP_ROW + 1]
    if 'head_top' in body.landmarks:
        return _one_hot((body.landmarks['head_top'],), len(body.v_template))
    return None


def _one_hot(vertices: tuple[int, ...], num_vertices: int) -> np.ndarray:
    rows = np.zeros((len(vertices), num_vertices), dtype=np.float32)
    rows[np.arange(len(vertices)), list(vertices)] = 1
    return rows


def _check(name: str, matrix: np.ndarray, body: BodyFile) -> None:
    """Refuse a matrix of the wrong shape, or one that puts limb joints where they are not."""
    keypoint_set, own_set = get_keypoint_set(name), get_keypoint_set('smpl_24')
    shape = (keypoint_set.num, len(body.v_template))
    if matrix.shape != shape:
        raise ValueError(f'regressor {name!r} has shape {matrix.shape}, not {shape}.')
    points, own = matrix @ body.v_template, body.joint_regressor @ body.v_template
    for joint in set(LIMBS) & set(keypoint_set.names):
        there, here = points[keypoint_set.index(joint)], own[own_set.index(joint)]
        distance = np.linalg.norm(there - here)
        if distance > LIMB_TOLERANCE:
            raise ValueError(
                f'regressor {name!r} puts {joint} {distance:.2f} m away from the joint of body '
                f'model {body.model_id!r} in {body.path}: it was made for another body model.'
            )
