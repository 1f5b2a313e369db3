"""Which persons of a keypoint file are in which frame of a video."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from .detection_log import DetectionLog
from .detectors import BaseDetector
from .keypoint_files import KeypointFile
from .person import ImageKeypoints, Person
from .tracking import PersonTracker
from .video_reader import VideoReader


def frames_of_video(
    file: KeypointFile, video: Path, *, first_number: int = 0
) -> dict[int, tuple[Person, ...]]:
    """Persons by frame of the video.

    An entry belongs to the frame whose number its name ends with. Where entries are named after
    the video (``clip_000000000012`` of ``clip.mp4``, as OpenPose does), only those count, so that a
    file may describe several videos.

    Args:
        file: Keypoints.
        video: The video file.
        first_number: Number that the names give to the first frame; frames that ffmpeg wrote out
            start with 1.

    Raises:
        KeyError: no name ends with a number, or there is no entry.
        ValueError: two entries are of one frame, or one is before the first frame.
    """
    numbered = [(found, entry) for entry in file.images if (found := _number(entry)) is not None]
    own = [item for item in numbered if item[0][0] == video.stem]
    frames: dict[int, tuple[Person, ...]] = {}
    for (_, number), entry in own or numbered:
        frame = number - first_number
        if frame < 0 or frame in frames:
            reason = 'before the first one' if frame < 0 else 'named twice'
            raise ValueError(
                f'{file.path}: frame {number} ({entry.name}) of {video.name} is {reason}; expected '
                f'names that end with one number per frame, the first with {first_number}'
            )
        frames[frame] = entry.persons
    file.check_not_empty()
    if not frames:
        known = ', '.join(entry.name for entry in file.images[:3])
        raise KeyError(
            f'{file.path} has no entry whose name ends with a frame number, as in '
            f'{video.stem}_000012; it has: {known}'
        )
    return frames


def detect_in_video(
    detector: BaseDetector, reader: VideoReader, log: DetectionLog, advance: Callable[[], None]
) -> dict[int, tuple[Person, ...]]:
    """Persons by frame of the video, as a detector finds them.

    Args:
        detector: The detector.
        reader: The video.
        log: Frames that are in it are not looked at again; the others are added to it.
        advance: Called for every frame.
    """

    def is_open(number: int) -> bool:
        advance()
        return number not in log.frames

    for number, image in reader.frames(is_open):
        name = f'{reader.path.stem}_{number:06d}'
        log.add(number, () if image is None else detector.detect(image, name=name))
    return log.frames


def follow_persons(
    frames: dict[int, Sequence[Person]], *, max_gap: int
) -> dict[int, tuple[Person, ...]]:
    """The same persons with ids that stay over the frames.

    Args:
        frames: Persons by frame.
        max_gap: See :class:`~.tracking.PersonTracker`.
    """
    tracker = PersonTracker(max_gap=max_gap)
    followed = {}
    for number in sorted(frames):
        ids = tracker.update(number, frames[number])
        persons = zip(frames[number], ids, strict=True)
        followed[number] = tuple(replace(person, person_id=id_) for person, id_ in persons)
    return followed


def _number(entry: ImageKeypoints) -> tuple[str, int] | None:
    """What stands before the number, and the number, of a name."""
    found = re.fullmatch(r'(.*?)_?(\d+)', Path(entry.name).stem)
    return None if found is None else (found[1], int(found[2]))
