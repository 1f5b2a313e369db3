"""The meshes of one image as a file that any program with NumPy opens."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from dpmesh_plugin.utils.io import atomic_write

from .mesh_schema import READABLE_VERSIONS, SCHEMA_VERSION, check_arrays, upgrade

_WRITER = 'tools/infer.py'


@dataclass(frozen=True)
class ImageMeshes:
    """The bodies of all P persons of one image; also the content of a result file, version 2.

    Convention: camera axes x right, y down, z forward, origin in the camera centre, metres. A point
    (x, y, z) lies at the pixel ``(fx x / z + cx, fy y / z + cy)`` of the image, whose top left
    pixel has its centre at (0, 0). The body model named by ``body_model_id`` gives ``vertices`` and
    ``skeleton`` when called with ``global_orient, body_pose, betas, transl``.

    Args:
        image: Path of the image.
        image_size: (2,) width and height, px.
        intrinsics: (3, 3) camera matrix of the image, px.
        body_model_id: Body model of parameters, vertices and faces.
        person_ids: (P,) ids of the persons, in a video the same in all frames.
        global_orient: (P, 3) axis-angle, rad.
        body_pose: (P, 23, 3) axis-angle, rad.
        betas: (P, 10).
        transl: (P, 3) m.
        vertices: (P, V, 3) m, camera axes.
        faces: (F, 3) vertex numbers.
        joints: (P, K, 3) m, camera axes; regressed from the vertices, as metrics do.
        joint_names: (K,) names of joints and keypoints.
        keypoints: (P, K, 2) keypoints the model was given, px of the image; (0, 0) where absent.
        keypoint_scores: (P, K) their confidences; 0 where absent.
        keypoints_visible: (P, K) bool, whether the model was given the keypoint; to the model the
            others are hidden.
        boxes: (P, 4) crop of every person (x, y, w, h), px of the image.
        skeleton: (P, 24, 3) m, camera axes; the joints about which the body model turns its limbs,
            in the order of ``smpl_24``. NaN if the file is of version 1, which lacks them.
        frame_index: Number of the image in its video, -1 for a photograph.
        frame_rate: Frames per second of the video, 0 for a photograph.
    """

    image: str
    image_size: np.ndarray
    intrinsics: np.ndarray
    body_model_id: str
    person_ids: np.ndarray
    global_orient: np.ndarray
    body_pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray
    joints: np.ndarray
    joint_names: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    keypoints_visible: np.ndarray
    boxes: np.ndarray
    skeleton: np.ndarray
    frame_index: int = -1
    frame_rate: float = 0.0

    @property
    def num_persons(self) -> int:
        """Number of persons P."""
        return len(self.person_ids)


def save_meshes(meshes: ImageMeshes, path: str | Path) -> None:
    """Write a result file: npz without pickle, whole or not at all.

    Its arrays are the fields of :class:`ImageMeshes` and ``schema_version``. They are not
    compressed, which makes coordinates smaller by an eighth only and takes longer than all else;
    faces have the smallest type of whole numbers that fits.
    """
    faces = meshes.faces.astype(np.min_scalar_type(meshes.faces.max(initial=0)))
    with atomic_write(path) as temporary:
        np.savez(temporary, schema_version=SCHEMA_VERSION, **{**vars(meshes), 'faces': faces})


def load_meshes(path: str | Path) -> ImageMeshes:
    """Read a result file, also one that an older version of the package wrote.

    Raises:
        FileNotFoundError: no file at ``path``.
        ValueError: it is no result file, is cut off, has pickled objects, is of a version that is
            not known here, or its arrays do not fit each other.
        KeyError: it lacks an array.
    """
    path = Path(path)
    arrays = read_arrays(path)
    upgrade(arrays, _checked_version(arrays, path))
    check_arrays(arrays, str(path.absolute()))
    del arrays['schema_version']
    arrays['faces'] = arrays['faces'].astype(np.int32)
    text = {name: str(arrays[name]) for name in ('image', 'body_model_id')}
    stamp = {'frame_index': int(arrays['frame_index']), 'frame_rate': float(arrays['frame_rate'])}
    return ImageMeshes(**{**arrays, **text, **stamp})


def read_frame_stamp(path: str | Path) -> tuple[int, float]:
    """Frame number and frame rate of a result file; -1 and 0 for a photograph.

    Reads these two numbers only.

    Raises:
        FileNotFoundError: as :func:`load_meshes`.
        ValueError: as :func:`load_meshes`.
    """
    stamp = read_arrays(Path(path), ('schema_version', 'frame_index', 'frame_rate'))
    _checked_version(stamp, Path(path))
    return int(stamp.get('frame_index', -1)), float(stamp.get('frame_rate', 0))


def _checked_version(arrays: dict[str, np.ndarray], path: Path) -> int:
    version = arrays.get('schema_version')
    if version is None or version not in READABLE_VERSIONS:
        raise ValueError(
            f'{path.absolute()} has schema version {version}, this package reads '
            f'{", ".join(map(str, READABLE_VERSIONS))}; expected a file written by {_WRITER} of '
            'this version or an older one'
        )
    return int(version)


def read_arrays(path: Path, names: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
    """The arrays of these names that a result file has, not checked; all of them for None.

    Raises:
        FileNotFoundError: as :func:`load_meshes`.
        ValueError: it is no result file, or is cut off.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a result file (.npz) of {_WRITER}, found none at {path.absolute()}'
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in (names or file.files) if name in file}
    except (BadZipFile, EOFError, TypeError, ValueError, zlib.error) as error:
        raise ValueError(
            f'{path.absolute()} is no npz file, is cut off, or has pickled objects, which are '
            f'never loaded; write it again with {_WRITER}'
        ) from error
