"""3DPW: from its sequence files to annotation files in the layout of the published evaluation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.datasets.pw3d import PW3D_VERSION
from dpmesh_plugin.geometry.boxes import keypoint_box

from .bodies import into_camera
from .coco_files import image_size
from .frame_lists import Frames
from .pw3d_sequence import read_sequence
from .pw3d_subsets import SUBSETS
from .schema_writer import write_file

SPLITS = ('train', 'validation', 'test')
_GENDERS = {'m': 'male', 'f': 'female'}


def convert_pw3d(
    *, root: str | Path, out: str | Path, subset: str, frames: Frames | None = None
) -> int:
    """Convert ``sequenceFiles/{split}/*.pkl`` to a file that ``PW3DDataset`` reads.

    Frames whose camera was not aligned (``campose_valid``) are left out. The box is that of the
    projected joints, 1.2 times as large.

    Args:
        root: Folder with ``sequenceFiles`` and ``imageFiles``.
        out: The JSON file to write.
        subset: A split, or a key of ``SUBSETS``; with ``frames`` any name.
        frames: Frames that belong to the subset, of all splits.

    Returns:
        How many people were written.

    Raises:
        KeyError: unknown subset.
        FileNotFoundError: no sequence files, or no image of a sequence.
        ValueError: a file is damaged, has other contents, or the subset is empty.
    """
    root = Path(root)
    frames = frames or SUBSETS.get(subset)
    if frames is None and subset not in SPLITS:
        raise KeyError(f'unknown subset {subset!r}; known: {", ".join((*SPLITS, *SUBSETS))}')
    splits = SPLITS if frames is not None else (subset,)
    paths = [
        path for split in splits for path in sorted((root / 'sequenceFiles' / split).glob('*'))
    ]
    paths = [path for path in paths if path.suffix == '.pkl']
    if not paths:
        raise FileNotFoundError(f'no *.pkl in {(root / "sequenceFiles").absolute()}/{splits}')
    images: list[dict] = []
    rows: list[dict] = []
    for path in paths:
        for image, people in _frames(read_sequence(path), root, frames):
            image['id'] = len(images)
            images.append(image)
            rows += [
                {'id': len(rows) + i, 'image_id': image['id'], **p} for i, p in enumerate(people)
            ]
    if not rows:
        raise ValueError(f'{root.absolute()}: no frame belongs to subset {subset!r}')
    fields = [key for key in rows[0] if key not in ('id', 'image_id')]
    arrays = {field: np.array([row[field] for row in rows]) for field in fields}
    people = [{'id': row['id'], 'image_id': row['image_id']} for row in rows]
    info = {'name': '3DPW', 'version': PW3D_VERSION, 'model_id': 'smpl', 'subset': subset}
    write_file(out, info | {'keypoint_source': 'openpose'}, images, people, arrays)
    return len(rows)


def _frames(
    sequence: dict[str, Any], root: Path, frames: Frames | None
) -> Iterator[tuple[dict, list[dict]]]:
    """Images of a sequence with the people whose camera is known."""
    name = str(sequence['sequence'])
    matrix = np.array(sequence['cam_intrinsics'], np.float64)
    wanted = [
        index
        for index in range(len(sequence['cam_poses']))
        if frames is None or frames.has(name, index)
    ]
    if not wanted:
        return
    width, height = image_size(root / 'imageFiles' / name / f'image_{wanted[0]:05d}.jpg')
    for index in wanted:
        actors = range(len(sequence['poses']))
        people = [
            _person(sequence, actor, index, matrix)
            for actor in actors
            if sequence['campose_valid'][actor][index]
        ]
        image = {
            'id': 0,
            'file_name': f'image_{index:05d}.jpg',
            'sequence': name,
            'width': width,
            'height': height,
            'cam_param': {
                'focal': matrix[[0, 1], [0, 1]].tolist(),
                'princpt': matrix[:2, 2].tolist(),
            },
        }
        if people:
            yield image, people


def _person(sequence: dict[str, Any], actor: int, index: int, matrix: np.ndarray) -> dict[str, Any]:
    extrinsic = np.array(sequence['cam_poses'][index], np.float64)
    rotation, translation = extrinsic[:3, :3], extrinsic[:3, 3]
    trans = np.array(sequence['trans'][actor][index], np.float64)
    joints = np.array(sequence['jointPositions'][actor][index], np.float64).reshape(24, 3)
    # The root joint is the pelvis of the unposed body, moved.
    pose, seen_trans = into_camera(
        sequence['poses'][actor][index], trans, joints[0] - trans, rotation, translation
    )
    seen = joints @ rotation.T + translation
    pixels = seen @ matrix.T
    openpose = np.array(sequence['poses2d'][actor][index], np.float32)
    return {
        'track_id': actor,
        'frame_idx': index,
        'bbox': keypoint_box(pixels[:, :2] / pixels[:, 2:], np.ones(24)),
        'openpose_result': openpose.T.reshape(-1),
        'smpl_param.pose': pose,
        'smpl_param.shape': np.array(sequence['betas'][actor], np.float64)[:10],
        'smpl_param.trans': seen_trans,
        'smpl_param.gender': _GENDERS[str(sequence['genders'][actor])],
    }
