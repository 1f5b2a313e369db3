"""Pictures one after the other as a file that plays."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from dpmesh_plugin.utils.io import atomic_write


def save_animation(frames: Iterable[np.ndarray], path: str | Path, *, frame_rate: float) -> None:
    """Write an animation in the format that the suffix of ``path`` names; folders are made.

    Frames are taken one at a time, so that a long animation needs no more memory than a short one.
    GIF has 256 colours and times in hundredths of a second and runs in a loop. MP4 is encoded as
    MPEG-4 part 2, the one kind of it that every OpenCV can write.

    Args:
        frames: Each ``(H, W, 3)`` uint8 RGB, all of one size; MP4 drops an odd last row or column.
        path: For example ``turn.gif`` or ``turn.mp4``.
        frame_rate: Frames per second; of a GIF at most 50.

    Raises:
        ValueError: unknown suffix, no frame, or a frame rate that is not above 0.
        OSError: the video cannot be encoded.
    """
    write = _WRITERS.get(Path(path).suffix.lower())
    if write is None:
        raise ValueError(
            f'expected a file name that ends with {" or ".join(_WRITERS)}, got {str(path)!r}'
        )
    if not 0 < frame_rate < np.inf:
        raise ValueError(f'expected frames per second above 0, got {frame_rate}')
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError(f'expected frames for {path}, got none')
    with atomic_write(path) as temporary:
        write(chain([first], frames), temporary, frame_rate)


def _write_gif(frames: Iterator[np.ndarray], path: Path, frame_rate: float) -> None:
    pictures = (Image.fromarray(frame) for frame in frames)
    # Programs play frames shorter than 2 hundredths at a tenth of the speed.
    milliseconds = max(round(100 / frame_rate), 2) * 10
    next(pictures).save(
        path, save_all=True, append_images=pictures, duration=milliseconds, loop=0, optimize=False
    )


def _write_mp4(frames: Iterator[np.ndarray], path: Path, frame_rate: float) -> None:
    first = next(frames)
    height, width = (side - side % 2 for side in first.shape[:2])
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*'mp4v'), frame_rate, (width, height)
    )
    if not writer.isOpened():
        raise OSError(
            f'this OpenCV cannot write MPEG-4 of {width} x {height} px to {path}; write a .gif, or '
            'install opencv-python, whose wheels have an encoder'
        )
    try:
        for frame in chain([first], frames):
            writer.write(cv2.cvtColor(frame[:height, :width], cv2.COLOR_RGB2BGR))
    finally:
        writer.release()


_WRITERS: dict[str, Callable[[Iterator[np.ndarray], Path, float], None]] = {
    '.gif': _write_gif,
    '.mp4': _write_mp4,
}
