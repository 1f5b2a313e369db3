"""Where detections beside the truth come from: annotation files of three kinds."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL, check_annotated_body
from dpmesh_plugin.datasets.annotation_columns import (
    image_sizes,
    joint_column,
    smpl_columns,
    visibility,
)
from dpmesh_plugin.datasets.annotation_file import AnnotationFile
from dpmesh_plugin.datasets.schema import read_schema_info
from dpmesh_plugin.geometry.matching import match_greedily
from dpmesh_plugin.structures import (
    Visibility,
    keypoint_map,
    map_keypoints,
    with_derived_joints,
)
from dpmesh_plugin.utils.io import load_json

from .drawing import nearest_joints
from .observations import Observations

OPENPOSE = 'openpose_18'
_BODIES_AT_ONCE = 512
# A detected person is taken for a true one where the joints agree at least so well: a joint that is
# off by so many sizes of the person counts exp(-1/2).
LEAST_AGREEMENT, AGREEMENT_RADIUS = 0.3, 0.2
# COCO says of a joint: 0 not annotated, 1 annotated though hidden, 2 visible.
COCO_VISIBLE = 2


def from_bodies(file: AnnotationFile, body_model: SMPL) -> Observations:
    """3DPW and what is written in its layout: OpenPose joints beside fitted bodies.

    The truth are the joints that the body model regresses for COCO, whose definition detectors
    share; where it has no such regressor, its own joints.

    Raises:
        ValueError: the bodies are of another body model.
        KeyError: an annotation lacks a field.
    """
    model_id = file.info.get('model_id', 'smpl')
    check_annotated_body(model_id, body_model.model_id, f'{file.path}')
    joints, known_set = _regressed_joints(file, body_model)
    focal = file.column('cam_param.focal', 2, of_image=True)
    centre = file.column('cam_param.princpt', 2, of_image=True)
    depth = joints[..., 2:]
    pixels = joints[..., :2] / np.where(depth > 0, depth, np.inf) * focal[:, None] + centre[:, None]
    order = keypoint_map(known_set, OPENPOSE)
    present = (depth[..., 0] > 0)[:, order] & (order >= 0)
    causes = _causes(file, OPENPOSE)
    detections = joint_column(file, 'openpose_result', OPENPOSE)
    return _observations(file, OPENPOSE, pixels[:, order], present, causes, detections)


def from_schema(file: AnnotationFile) -> Observations:
    """Files of the schema of docs/data.md that have detections.

    Raises:
        KeyError: the file has no detections.
    """
    info = read_schema_info(file)
    if info.detection_set is None:
        raise KeyError(f'{file.path} has no detections (info.detection_set)')
    table = joint_column(file, 'keypoints', info.keypoint_set)
    table = map_keypoints(table, info.keypoint_set, info.detection_set)
    causes = _causes(file, info.detection_set)
    detections = joint_column(file, 'detections', info.detection_set)
    return _observations(
        file, info.detection_set, table[..., :2], table[..., 2] > 0, causes, detections
    )


def from_coco(
    file: AnnotationFile, predictions: str | Path, keypoint_set: str = 'coco_17'
) -> tuple[Observations, int]:
    """COCO annotations beside a file of results in COCO's format.

    Results are matched to people in each picture, those whose joints agree best first.

    Args:
        file: Annotations with ``keypoints``; those without any annotated joint are left out.
        predictions: JSON list of ``image_id``, ``keypoints``.
        keypoint_set: Set of both.

    Returns:
        The matched people, and how many found no match.

    Raises:
        ValueError: the predictions are no such list, have another number of joints, or match
            nobody.
    """
    file.keep(['keypoints' in row and any(row['keypoints'][2::3]) for row in file.annotations])
    table = joint_column(file, 'keypoints', keypoint_set)
    sizes = np.sqrt(file.column('bbox', 4)[:, 2:].prod(axis=1))
    by_image = _results_by_image(Path(predictions), table.shape[1])
    detections = np.full(table.shape, np.nan)
    for image, rows in _rows_by_image(file).items():
        results = by_image.get(image)
        if results is not None:
            agreement = _agreement(table[rows], sizes[rows], results)
            for person, chosen in match_greedily(agreement, LEAST_AGREEMENT):
                detections[rows[person]] = results[chosen]
    matched = np.isfinite(detections).all(axis=(1, 2))
    if not matched.any():
        raise ValueError(
            f'{Path(predictions).absolute()} matches none of {len(file)} people of {file.path}; '
            'are both of the same pictures, in px?'
        )
    causes = np.where(table[..., 2] == COCO_VISIBLE, Visibility.VISIBLE, Visibility.UNKNOWN)
    observed = _observations(
        file, keypoint_set, table[..., :2], table[..., 2] > 0, causes, detections
    )
    return observed.select(matched), int((~matched).sum())


def _observations(
    file: AnnotationFile,
    keypoint_set: str,
    keypoints: np.ndarray,
    present: np.ndarray,
    causes: np.ndarray,
    detections: np.ndarray,
) -> Observations:
    """Put the parts together, with the nearest other people of each picture."""
    sizes = np.sqrt(file.column('bbox', 4)[:, 2:].clip(0).prod(axis=1))
    known = np.where(present[..., None], keypoints, np.nan)
    neighbours = np.full(keypoints.shape, np.nan)
    for rows in _rows_by_image(file).values():
        for row in rows:
            others = known[rows[rows != row]]
            neighbours[row] = nearest_joints(keypoints[row], others, sizes[row])
    outside = ((keypoints < 0) | (keypoints >= image_sizes(file)[:, None])).any(axis=-1)
    return Observations(
        keypoint_set=keypoint_set,
        keypoints=keypoints,
        present=present & (sizes > 0)[:, None],
        causes=np.where(outside, Visibility.TRUNCATED, causes),
        sizes=np.maximum(sizes, 1),
        neighbours=neighbours,
        detections=detections,
    )


def _regressed_joints(file: AnnotationFile, body_model: SMPL) -> tuple[np.ndarray, str]:
    """Joints (N, K, 3) of the annotated bodies in camera axes, m, and their set."""
    target = 'coco_17' if 'coco_17' in body_model.keypoint_sets else 'dpmesh_30'
    bodies = {name: torch.from_numpy(array) for name, array in smpl_columns(file).items()}
    genders, parts = file.genders('smpl_param.gender'), []
    for start in range(0, len(file), _BODIES_AT_ONCE):
        rows = slice(start, start + _BODIES_AT_ONCE)
        fields = {name: values[rows] for name, values in bodies.items()}
        with torch.no_grad():
            parts.append(body_model.keypoints(keypoint_set=target, gender=genders[rows], **fields))
    joints = torch.cat(parts).numpy()
    scores = np.ones(joints.shape[1])
    derived = [with_derived_joints(person, scores, target) for person in joints]
    return np.stack([person for person, _, _ in derived]), derived[0][2]


def _causes(file: AnnotationFile, keypoint_set: str) -> np.ndarray:
    """Codes (N, K) of why joints are hidden, unknown where the file does not say."""
    order = keypoint_map('dpmesh_30', keypoint_set)
    causes = np.full((len(file), len(order)), Visibility.UNKNOWN)
    if file.has('visibility'):
        causes[:, order >= 0] = visibility(file)[:, order[order >= 0]]
    return causes


def _rows_by_image(file: AnnotationFile) -> dict[Any, np.ndarray]:
    groups: dict[Any, list[int]] = defaultdict(list)
    for row, annotation in enumerate(file.annotations):
        groups[annotation['image_id']].append(row)
    return {image: np.array(rows) for image, rows in groups.items()}


def _results_by_image(path: Path, num: int) -> dict[Any, np.ndarray]:
    """Detected people (M, K, 3) by picture."""
    results = load_json(path)
    if not isinstance(results, list):
        raise ValueError(
            f'{path.absolute()} must be a list of results with image_id and keypoints, got '
            f'{type(results).__name__}'
        )
    groups: dict[Any, list[Sequence[float]]] = defaultdict(list)
    for number, result in enumerate(results):
        keypoints = result.get('keypoints', ())
        if len(keypoints) != 3 * num:
            raise ValueError(
                f'{path.absolute()}: result {number} must have {3 * num} numbers as keypoints, '
                f'got {len(keypoints)}; is it in another keypoint set?'
            )
        groups[result['image_id']].append(keypoints)
    return {image: np.array(people, float).reshape(-1, num, 3) for image, people in groups.items()}


def _agreement(people: np.ndarray, sizes: np.ndarray, results: np.ndarray) -> np.ndarray:
    """How well people (N, K, 3) and results (M, K, 3) agree, (N, M) in 0..1."""
    offsets = people[:, None, :, :2] - results[None, :, :, :2]
    squared = np.square(offsets).sum(axis=-1) / np.square(sizes)[:, None, None]
    closeness = np.exp(-squared / (2 * AGREEMENT_RADIUS**2))
    known = (people[..., 2] > 0)[:, None]
    return (closeness * known).sum(axis=-1) / known.sum(axis=-1)
