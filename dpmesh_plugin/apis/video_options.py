"""What can be chosen about videos."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoOptions:
    """How videos are processed.

    Args:
        max_gap: Longest time in frames that someone is missing and is still known and filled in.
        smooth: Whether motion is filtered and the shape of every person averaged.
        first_number: Number that the names in the keypoint file give to the first frame.
        webcam_seconds: How long a camera is recorded; None until the program is interrupted.

    Raises:
        ValueError: a gap below 0 frames, or a recording that is not longer than 0 s.
    """

    max_gap: int = 12
    smooth: bool = True
    first_number: int = 0
    webcam_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.max_gap < 0:
            raise ValueError(
                f'expected a max_gap (--max-gap) of 0 frames or more, got {self.max_gap}; 0 fills '
                'nobody in'
            )
        if self.webcam_seconds is not None and not self.webcam_seconds > 0:
            raise ValueError(
                'expected webcam_seconds (--webcam-seconds) above 0 s, or None to record until the '
                f'program is interrupted, got {self.webcam_seconds}'
            )
