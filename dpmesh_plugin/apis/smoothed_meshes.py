"""From the predictions of single frames to the frames of a video."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from dpmesh_plugin.geometry.boxes import keypoint_box

from .frame_store import FrameStore
from .mesh_file import ImageMeshes
from .track_smoothing import Frame, as_frame, fill_gaps, mean_betas, smooth
from .video_options import VideoOptions

# What the model was given; absent of a person who was filled in.
_GIVEN = ('keypoints', 'keypoint_scores', 'keypoints_visible')
# One pass of the body model reads 17 MB of blend shapes, for one body or for many.
_FRAMES_AT_ONCE = 8


def smoothed_meshes(
    store: FrameStore,
    numbers: Sequence[int],
    body_model: nn.Module,
    frame_rate: float,
    options: VideoOptions,
) -> Iterator[ImageMeshes]:
    """The frames of the result, one after the other.

    Args:
        store: Predictions by frame.
        numbers: The frames, rising.
        body_model: Their body model.
        frame_rate: Frames per second.
        options: How long gaps are filled, and whether motion is filtered.
    """
    shapes = mean_betas(map(store.records, numbers))
    frames: Iterator[Frame] = map(as_frame, map(store.frame, numbers))
    frames = fill_gaps(frames, options.max_gap)
    if options.smooth:
        frames = smooth(frames, frame_rate)
    faces = body_model.faces.cpu().numpy().astype(np.int32)
    last = None
    group: list[tuple[Frame, ImageMeshes]] = []
    for frame in frames:
        last = last if frame.meshes is None else frame.meshes
        group.append((frame, replace(last, faces=faces)))
        if len(group) == _FRAMES_AT_ONCE:
            yield from _meshes(group, shapes, options.smooth, body_model)
            group.clear()
    if group:
        yield from _meshes(group, shapes, options.smooth, body_model)


def _meshes(
    group: Sequence[tuple[Frame, ImageMeshes]],
    shapes: dict[int, np.ndarray],
    average: bool,
    body_model: nn.Module,
) -> Iterator[ImageMeshes]:
    """Meshes of frames, each given with its prediction or that of the frame before it."""
    bodies = []
    for frame, last in group:
        rows = _rows_of(frame)
        for id_, body in sorted(frame.bodies.items()):
            own = id_ in rows and not average
            betas = last.betas[rows[id_]] if own else shapes[id_]
            bodies.append({**body.parameters(), 'betas': torch.from_numpy(betas)})
    parameters = {name: torch.stack([body[name] for body in bodies]).float() for name in bodies[0]}
    computed = _computed(parameters, body_model)
    start = 0
    for frame, last in group:
        end = start + len(frame.bodies)
        yield _meshes_of(frame, last, {name: each[start:end] for name, each in computed.items()})
        start = end


def _computed(parameters: dict[str, torch.Tensor], body_model: nn.Module) -> dict[str, np.ndarray]:
    """All that follows from the parameters of bodies, and they themselves."""
    device = body_model.faces.device
    with torch.no_grad():
        body = body_model(**{name: value.to(device) for name, value in parameters.items()})
        joints = body_model.regress(body.vertices, 'dpmesh_30')
    surface = {'vertices': body.vertices, 'skeleton': body.joints, 'joints': joints}
    return {name: value.cpu().numpy() for name, value in {**parameters, **surface}.items()}


def _meshes_of(frame: Frame, last: ImageMeshes, computed: dict[str, np.ndarray]) -> ImageMeshes:
    """Meshes of one frame; ``last`` is its prediction, or that of the frame before it."""
    ids, rows = sorted(frame.bodies), _rows_of(frame)
    boxes = [
        last.boxes[rows[id_]] if id_ in rows else _box(computed['joints'][i], last.intrinsics)
        for i, id_ in enumerate(ids)
    ]
    return replace(
        last,
        frame_index=frame.number,
        person_ids=np.array(ids),
        boxes=np.stack(boxes),
        **computed,
        **{name: _rows(getattr(last, name), ids, rows) for name in _GIVEN},
    )


def _rows_of(frame: Frame) -> dict[int, int]:
    """Rows of the persons in the prediction of a frame."""
    predicted = () if frame.meshes is None else frame.meshes.person_ids.tolist()
    return {id_: row for row, id_ in enumerate(predicted)}


def _rows(values: np.ndarray, ids: Sequence[int], rows: dict[int, int]) -> np.ndarray:
    """The rows of these persons, zeros of those who have none."""
    zeros = np.zeros(values.shape[1:], values.dtype)
    return np.stack([values[rows[id_]] if id_ in rows else zeros for id_ in ids])


def _box(joints: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Box (4,) of a body in the image, px."""
    pixels = joints @ intrinsics.T
    return keypoint_box(pixels[:, :2] / pixels[:, 2:], np.ones(len(pixels)))
