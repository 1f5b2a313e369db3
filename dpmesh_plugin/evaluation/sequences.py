"""Frames that follow each other: what accelerations are measured on."""

from collections.abc import Mapping

import numpy as np
import torch

from .functional import acceleration_errors

_ORDER = ('sequence', 'track_id', 'frame_idx')


def consecutive_frames(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows of the same person in three frames with consecutive numbers.

    Rows that lack one of sequence, track and frame belong to none. A gap in a track, or another
    person, is never bridged.

    Args:
        columns: ``sequence``, ``track_id`` (N,) texts, empty where they are not known, and
            ``frame_idx`` (N,), NaN where it is not known; ``sample_idx`` (N,).

    Returns:
        Indices (M, 3) of rows.

    Raises:
        ValueError: a track has two samples in one frame.
    """
    sequence, track, frame = (columns[name] for name in _ORDER)
    known = np.flatnonzero((sequence != '') & (track != '') & np.isfinite(frame))
    _, track_number = np.unique(np.stack([sequence, track])[:, known], axis=1, return_inverse=True)
    order = np.lexsort((frame[known], track_number))
    rows, track_number = known[order], track_number[order]
    step = np.where(np.diff(track_number) == 0, np.diff(frame[rows]), np.inf)
    if (step == 0).any():
        first, second = rows[step.argmin() : step.argmin() + 2]
        raise ValueError(
            f'samples {columns["sample_idx"][first]} and {columns["sample_idx"][second]} are both '
            f'frame {frame[first]:.0f} of person {track[first]} in sequence {sequence[first]}: '
            'track_id must tell the persons of a sequence apart'
        )
    start = np.flatnonzero((step[:-1] == 1) & (step[1:] == 1))
    return np.stack([rows[start], rows[start + 1], rows[start + 2]], axis=1)


def accelerations(
    columns: Mapping[str, np.ndarray], joint_set: str
) -> tuple[np.ndarray, str | None]:
    """Acceleration errors, and why there are none.

    Args:
        columns: Of :class:`~.sample_errors.MeshComparison`, with positions and order.
        joint_set: Joints that are measured.

    Returns:
        Errors (M, K), mm/frame^2, and None; or no errors and the reason.
    """
    frames = consecutive_frames(columns)
    joints = (columns[f'{joint_set}/{side}'][frames] for side in ('predicted', 'true'))
    errors = acceleration_errors(*map(torch.from_numpy, joints)).numpy()
    if len(frames):
        return errors, None
    absent = [name for name in _ORDER[:2] if (columns[name] == '').all()]
    if np.isnan(columns['frame_idx']).all():
        absent.append('frame_idx')
    if absent:
        return errors, f'the samples state no {", ".join(absent)}'
    return errors, 'no person is there in three frames with consecutive numbers'
