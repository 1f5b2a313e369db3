"""The meshes of one image as a file that any program with NumPy opens."""

from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from dpmesh_plugin.utils.io import atomic_write

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ImageMeshes:
    """The bodies of all P persons of one image; also the content of a result file, version 1.

    Convention: camera axes x right, y down, z forward, origin in the camera centre, metres. A point
    (x, y, z) lies at the pixel ``(fx x / z + cx, fy y / z + cy)`` of the image, whose top left
    pixel has its centre at (0, 0). The body model named by ``body_model_id`` gives ``vertices``
    when called with ``global_orient, body_pose, betas, transl``.

    Args:
        image: Path of the image.
        image_size: (2,) width and height, px.
        intrinsics: (3, 3) camera matrix of the image, px.
        body_model_id: Body model of parameters, vertices and faces.
        person_ids: (P,) ids of the persons in the keypoint file.
        global_orient: (P, 3) axis-angle, rad.
        body_pose: (P, 23, 3) axis-angle, rad.
        betas: (P, 10).
        transl: (P, 3) m.
        vertices: (P, V, 3) m, camera axes.
        faces: (F, 3) vertex numbers.
        joints: (P, K, 3) m, camera axes.
        joint_names: (K,) names of joints and keypoints.
        keypoints: (P, K, 2) keypoints the model was given, px of the image; (0, 0) where absent.
        keypoint_scores: (P, K) their confidences; 0 where absent.
        boxes: (P, 4) crop of every person (x, y, w, h), px of the image.
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
    boxes: np.ndarray

    @property
    def num_persons(self) -> int:
        """Number of persons P."""
        return len(self.person_ids)


def save_meshes(meshes: ImageMeshes, path: str | Path) -> None:
    """Write a result file: compressed npz without pickle, whole or not at all.

    Its arrays are the fields of :class:`ImageMeshes` and ``schema_version``.
    """
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, schema_version=SCHEMA_VERSION, **vars(meshes))


def load_meshes(path: str | Path) -> ImageMeshes:
    """Read a result file.

    Raises:
        FileNotFoundError: no file at ``path``.
        ValueError: it is no result file, or one of another version.
    """
    arrays = _read_npz(Path(path))
    version = arrays.get('schema_version')
    if version != SCHEMA_VERSION:
        raise ValueError(
            f'{Path(path).absolute()} has schema version {version}, this package reads '
            f'{SCHEMA_VERSION}; expected a file written by tools/infer.py'
        )
    content = {field.name: arrays[field.name] for field in fields(ImageMeshes)}
    text = {name: str(content[name]) for name in ('image', 'body_model_id')}
    return ImageMeshes(**{**content, **text})


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (BadZipFile, EOFError, TypeError, ValueError) as error:
        raise ValueError(f'{path.absolute()} is no npz file: {error}') from error
