"""CMU Panoptic: joints of the HD cameras."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from dpmesh_plugin.geometry.boxes import keypoint_box
from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.utils.io import load_json

from .frame_lists import Frames
from .schema_writer import Person, SchemaWriter

# Order of ``joints19`` (README of the panoptic-toolbox, "Skeleton Output Format").
JOINTS = [
    'neck',
    'nose',
    'pelvis',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_eye',
    'left_ear',
    'right_eye',
    'right_ear',
]
_ORDER = [JOINTS.index(joint) for joint in get_keypoint_set('coco_19').names]
_CM = 100
MIN_CONFIDENCE = 0.1
MIN_JOINTS_INSIDE = 2


def convert_panoptic(
    *,
    root: str | Path,
    out: str | Path,
    cameras: Sequence[str] = ('00_16', '00_30'),
    frames: Frames | None = None,
    subset: str = 'test',
) -> SchemaWriter:
    """Convert the sequences below a folder, as the panoptic-toolbox leaves them.

    Args:
        root: Folder with ``SEQUENCE/calibration_SEQUENCE.json``,
            ``SEQUENCE/hdPose3d_stage1_coco19/body3DScene_00000000.json`` and
            ``SEQUENCE/hdImgs/00_16/00_16_00000000.jpg``.
        out: The JSON file to write.
        cameras: Names of HD cameras.
        frames: Frames that belong to the subset; None for all that have an image.
        subset: Name of the subset.

    Raises:
        KeyError: a sequence has no such camera.
    """
    root = Path(root)
    writer = SchemaWriter(name='CMU-Panoptic', subset=subset, keypoint_set='coco_19')
    for calibration in sorted(root.glob('*/calibration_*.json')):
        sequence = calibration.parent.name
        known = {camera['name']: camera for camera in load_json(calibration)['cameras']}
        for name in cameras:
            if name not in known:
                raise KeyError(f'{calibration} has no camera {name!r}; it has: {", ".join(known)}')
            for number, people in _scenes(calibration.parent):
                image = f'{sequence}/hdImgs/{name}/{name}_{number:08d}.jpg'
                if (frames is None or frames.has(sequence, number)) and (root / image).is_file():
                    _add_image(writer, image, sequence, known[name], people)
    writer.write(out)
    return writer


def _scenes(folder: Path) -> Iterator[tuple[int, list[dict]]]:
    """Numbers of frames with their bodies."""
    for path in sorted((folder / 'hdPose3d_stage1_coco19').glob('body3DScene_*.json')):
        try:
            yield int(path.stem.rsplit('_', 1)[1]), load_json(path)['bodies']
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f'{path}: expected a dict with bodies ({error!r})') from error


def _add_image(
    writer: SchemaWriter, name: str, sequence: str, camera: dict, people: list[dict]
) -> None:
    matrix, rotation = (np.array(camera[key], np.float64) for key in ('K', 'R'))
    translation = np.array(camera['t'], np.float64).reshape(3)
    width, height = camera['resolution']
    image_id = len(writer.images)
    writer.add_image(
        id=image_id,
        file_name=name,
        width=width,
        height=height,
        camera={'focal': matrix[[0, 1], [0, 1]], 'princpt': matrix[:2, 2]},
        sequence=sequence,
    )
    for person in people:
        joints = np.array(person['joints19'], np.float64).reshape(-1, 4)[_ORDER]
        seen = joints[:, :3] @ rotation.T + translation
        pixels = cv2.projectPoints(seen, np.zeros(3), np.zeros(3), matrix, _distortion(camera))[0]
        pixels = pixels[:, 0]
        valid = (joints[:, 3] > MIN_CONFIDENCE) & (seen[:, 2] > 0)
        inside = valid & ((pixels >= 0) & (pixels < [width, height])).all(axis=1)
        if inside.sum() >= MIN_JOINTS_INSIDE:
            keypoints = np.column_stack([np.where(valid[:, None], pixels, 0), valid])
            box = keypoint_box(pixels, valid)
            writer.add_person(Person(len(writer.people), image_id, box, keypoints, seen / _CM))


def _distortion(camera: dict) -> np.ndarray:
    return np.array(camera['distCoef'], np.float64).reshape(-1)
