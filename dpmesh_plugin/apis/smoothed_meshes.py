"""From the predictions of single frames to the frames of a video."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import nn

from dpmesh_plugin.geometry.boxes import keypoint_box

from .frame_store import FrameStore
from .mesh_file import ImageMeshes
from .track_smoothing import Frame, as_frame, fill_gaps, mean_betas, smooth

# What the model was given; absent of a person who was filled in.
_GIVEN = ('keypoints', 'keypoint_scores', 'keypoints_visible')


class Smoothing(Protocol):
    """See :class:`~.video_inference.VideoOptions`."""

    max_gap: int
    smooth: bool


def smoothed_meshes(
    store: FrameStore,
    numbers: Sequence[int],
    body_model: nn.Module,
    frame_rate: float,
    options: Smoothing,
) -> Iterator[ImageMeshes]:
    """The frames of the result, one after the other.

    Args:
        store: Predictions by frame.
        numbers: The frames, rising.
        body_model: Their body model.
        frame_rate: Frames per second.
        options: How long gaps are filled, and whether motion is filtered.
    """
    shapes = mean_betas(store.arrays(numbers, ('person_ids', 'betas')))
    frames: Iterator[Frame] = map(as_frame, store.frames(numbers))
    frames = fill_gaps(frames, options.max_gap)
    if options.smooth:
        frames = smooth(frames, frame_rate)
    model = None
    for frame in frames:
        model = model if frame.meshes is None else frame.meshes
        yield _meshes(frame, model, shapes, options.smooth, body_model)


def _meshes(
    frame: Frame,
    last: ImageMeshes,
    shapes: dict[int, np.ndarray],
    average: bool,
    body_model: nn.Module,
) -> ImageMeshes:
    """Meshes of a frame; ``last`` is its prediction, or that of the frame before it."""
    ids = sorted(frame.bodies)
    predicted = () if frame.meshes is None else frame.meshes.person_ids.tolist()
    rows = {id_: row for row, id_ in enumerate(predicted)}
    betas = [last.betas[rows[id_]] if id_ in rows and not average else shapes[id_] for id_ in ids]
    bodies = [frame.bodies[id_].parameters() for id_ in ids]
    parameters = {name: torch.stack([body[name] for body in bodies]).float() for name in bodies[0]}
    parameters['betas'] = torch.from_numpy(np.stack(betas)).float()
    device = body_model.faces.device
    with torch.no_grad():
        body = body_model(**{name: value.to(device) for name, value in parameters.items()})
        joints = body_model.regress(body.vertices, 'dpmesh_30').cpu().numpy()
    computed = {name: value.numpy() for name, value in parameters.items()} | {
        'vertices': body.vertices.cpu().numpy(),
        'skeleton': body.joints.cpu().numpy(),
        'joints': joints,
    }
    given = {name: _rows(getattr(last, name), ids, rows) for name in _GIVEN}
    boxes = [
        last.boxes[rows[id_]] if id_ in rows else _box(joints[i], last.intrinsics)
        for i, id_ in enumerate(ids)
    ]
    return replace(
        last,
        frame_index=frame.number,
        person_ids=np.array(ids),
        boxes=np.stack(boxes),
        **computed,
        **given,
    )


def _rows(values: np.ndarray, ids: Sequence[int], rows: dict[int, int]) -> np.ndarray:
    """The rows of these persons, zeros of those who have none."""
    zeros = np.zeros(values.shape[1:], values.dtype)
    return np.stack([values[rows[id_]] if id_ in rows else zeros for id_ in ids])


def _box(joints: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Box (4,) of a body in the image, px."""
    pixels = joints @ intrinsics.T
    return keypoint_box(pixels[:, :2] / pixels[:, 2:], np.ones(len(pixels)))
