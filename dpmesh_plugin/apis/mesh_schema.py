"""Versions and shapes of result files. What each field means: :class:`~.mesh_file.ImageMeshes`.

Policy: a version number stands for a fixed set of arrays. Any change of the set, of a shape, a unit
or a frame raises the number by one and adds a step to ``_STEPS``, so that files of every older
version stay readable. Files of a newer version are refused.
"""

from collections.abc import Callable

import numpy as np

from dpmesh_plugin.structures import get_keypoint_set

SCHEMA_VERSION = 2
READABLE_VERSIONS = tuple(range(1, SCHEMA_VERSION + 1))

# Letters are free, but the same everywhere: P persons, V vertices, F faces, K joints.
SHAPES: dict[str, tuple[int | str, ...]] = {
    'image': (),
    'image_size': (2,),
    'intrinsics': (3, 3),
    'body_model_id': (),
    'person_ids': ('P',),
    'global_orient': ('P', 3),
    'body_pose': ('P', 23, 3),
    'betas': ('P', 10),
    'transl': ('P', 3),
    'vertices': ('P', 'V', 3),
    'faces': ('F', 3),
    'joints': ('P', 'K', 3),
    'joint_names': ('K',),
    'keypoints': ('P', 'K', 2),
    'keypoint_scores': ('P', 'K'),
    'keypoints_visible': ('P', 'K'),
    'boxes': ('P', 4),
    'skeleton': ('P', 24, 3),
    'frame_index': (),
    'frame_rate': (),
}
_FINITE = ('intrinsics', 'global_orient', 'body_pose', 'betas', 'transl', 'vertices', 'joints')


def upgrade(arrays: dict[str, np.ndarray], version: int) -> None:
    """Bring the arrays of an older version up to the present one, in place."""
    for step in _STEPS[version - 1 :]:
        step(arrays)


def check_arrays(arrays: dict[str, np.ndarray], where: str) -> None:
    """Refuse arrays that are not those of the present version.

    Args:
        arrays: Arrays by name.
        where: The file, for the message.

    Raises:
        KeyError: an array is missing.
        ValueError: a shape does not fit the others, or a mesh is not finite.
    """
    missing = [name for name in SHAPES if name not in arrays]
    if missing:
        raise KeyError(f'{where} lacks {", ".join(missing)}; it has: {", ".join(arrays)}')
    sizes: dict[str, int] = {}
    for name, shape in SHAPES.items():
        given = arrays[name].shape
        for letter, size in zip(shape, given, strict=False):
            if isinstance(letter, str):
                sizes.setdefault(letter, size)
        expected = tuple(sizes.get(length, length) for length in shape)
        if given != expected:
            raise ValueError(f'{where}: {name} has shape {given}, expected {expected} as {shape}')
    for name in _FINITE:
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f'{where}: {name} is not finite; was the model from a diverged run?')


def _from_version_1(arrays: dict[str, np.ndarray]) -> None:
    """Version 1 had neither the skeleton nor frames, and visible was what had a score."""
    num_persons, num_joints = len(arrays['person_ids']), get_keypoint_set('smpl_24').num
    arrays['keypoints_visible'] = arrays['keypoint_scores'] > 0
    arrays['skeleton'] = np.full((num_persons, num_joints, 3), np.nan, np.float32)
    arrays['frame_index'], arrays['frame_rate'] = np.array(-1), np.array(0.0)


_STEPS: tuple[Callable[[dict[str, np.ndarray]], None], ...] = (_from_version_1,)
