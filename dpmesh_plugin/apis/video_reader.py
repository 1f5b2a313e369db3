"""Frames of a video file, one at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

VIDEO_SUFFIXES = ('.mp4', '.mov', '.avi', '.mkv', '.webm', '.m4v')


class VideoReader:
    """Reads a video from its start as often as asked; holds no frames.

    Args:
        path: Video file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: OpenCV cannot read it, or it states no frame rate.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f'expected a video, found none at {self.path.absolute()}')
        capture = self._open()
        self.frame_rate = capture.get(cv2.CAP_PROP_FPS)
        # An estimate in some containers, and not true of a file that was cut off.
        self.num_stated = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        self.size = tuple(int(capture.get(side)) for side in sides)
        capture.release()
        if not 0 < self.frame_rate < np.inf:
            raise ValueError(
                f'{self.path.absolute()} states no frame rate (got {self.frame_rate}); write it '
                'again with one, or give its frames as images'
            )

    def frames(
        self, wanted: Callable[[int], bool] = lambda _: True
    ) -> Iterator[tuple[int, np.ndarray | None]]:
        """Number and picture of the frames, in order.

        Args:
            wanted: Says by its number whether a frame is; the others are passed over.

        Yields:
            Number from 0, and (H, W, 3) uint8 RGB as players show it; None for a frame that cannot
            be decoded.
        """
        capture = self._open()
        try:
            number = 0
            while capture.grab():
                if wanted(number):
                    decoded, frame = capture.retrieve()
                    yield number, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if decoded else None
                number += 1
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            raise ValueError(
                f'{self.path.absolute()} cannot be read as a video: it is damaged or cut off '
                'before its index, or of a kind that this OpenCV does not know'
            )
        return capture
