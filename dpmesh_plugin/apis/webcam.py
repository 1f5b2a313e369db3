"""Recording a camera of this machine."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from dpmesh_plugin.visualization import save_animation

# For cameras that do not state their rate.
_FRAME_RATE = 25.0


def webcam_number(text: object) -> int | None:
    """Number of the camera that ``'webcam'`` or ``'webcam:1'`` stands for, None for all else."""
    found = re.fullmatch(r'webcam(?::(\d+))?', text) if isinstance(text, str) else None
    return None if found is None else int(found[1] or 0)


def record_webcams(inputs: object, folder: Path | None, *, seconds: float | None) -> object:
    """Put a recording in the place of every camera among the inputs.

    Args:
        inputs: An input of :class:`~.mesh_inferencer.MeshInferencer`, or a list of them.
        folder: Folder for the recordings; where it is None, there must be no camera.
        seconds: Length of a recording; None until the program is interrupted (Ctrl-C).
    """
    if webcam_number(inputs) is not None:
        return record_webcam(webcam_number(inputs), folder, seconds=seconds)
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        return inputs
    return [record_webcams(item, folder, seconds=seconds) for item in inputs]


def record_webcam(number: int, folder: Path | None, *, seconds: float | None) -> Path:
    """Record a camera as ``webcam_NUMBER_DATE-TIME.mp4``; the path.

    Args:
        number: Which camera, from 0.
        folder: Where to.
        seconds: How long; None until the program is interrupted (Ctrl-C).

    Raises:
        ValueError: there is no such camera, it gives no picture, or there is no folder.
    """
    if folder is None:
        raise ValueError('a camera is recorded first: state out_dir, the folder for the recording')
    capture = cv2.VideoCapture(number)
    try:
        if not capture.isOpened():
            raise ValueError(
                f'this machine offers no camera with the number {number}: connect one, choose '
                'another (webcam:1), or give a video file'
            )
        rate = capture.get(cv2.CAP_PROP_FPS)
        rate = rate if 0 < rate <= 240 else _FRAME_RATE
        path = folder / f'webcam_{number}_{datetime.now():%Y%m%d-%H%M%S}.mp4'
        with _interrupted() as stopped:

            def goes_on(elapsed: float) -> bool:
                return not stopped.is_set() and (seconds is None or elapsed < seconds)

            save_animation(_frames(capture, rate, goes_on), path, frame_rate=rate)
    finally:
        capture.release()
    return path


def _frames(
    capture: cv2.VideoCapture, rate: float, goes_on: Callable[[float], bool]
) -> Iterator[np.ndarray]:
    """Pictures at a steady rate: a slow camera's are repeated, those of a fast one left out."""
    start, written = time.monotonic(), 0
    while goes_on(elapsed := time.monotonic() - start):
        taken, picture = capture.read()
        if not taken:
            return
        for _ in range(int(elapsed * rate) + 1 - written):
            yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            written += 1


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Whether Ctrl-C was pressed; it does not end the program meanwhile."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped  # only the main thread receives signals
        return
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
