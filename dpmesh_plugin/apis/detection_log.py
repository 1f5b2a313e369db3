"""What a detector said about a video, on disk, so that an interrupted run goes on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .person import Person

_DIGITS = 4  # of a pixel and of a confidence


class DetectionLog:
    """A text file with a line of JSON per frame, below one that says what it depends on.

    Args:
        path: The file; its folder is made. A line that was cut off is removed.
        facts: What the detections depend on, such as the detector and the size of the video.

    Raises:
        ValueError: the file holds detections that depend on something else.
    """

    def __init__(self, path: Path, facts: Mapping[str, str]) -> None:
        self.path = path
        self.frames: dict[int, tuple[Person, ...]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._whole_lines()
        if not lines:
            self._append(dict(facts))
        elif lines[0] != dict(facts):
            raise ValueError(
                f'{path.absolute()} has detections of another video or detector: '
                f'{_differences(lines[0], facts)}; choose another output folder, or remove '
                'this file'
            )
        for line in lines[1:]:
            self.frames[line['frame']] = tuple(_read(person) for person in line['persons'])

    def add(self, frame: int, persons: Sequence[Person]) -> None:
        """Keep the persons of a frame, also of one without anybody."""
        line = {'frame': frame, 'persons': [_written(person) for person in persons]}
        self._append(line)
        self.frames[frame] = tuple(_read(person) for person in line['persons'])

    def _append(self, line: dict) -> None:
        with open(self.path, 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')

    def _whole_lines(self) -> list[dict]:
        if not self.path.is_file():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b'\n') + 1]
        with open(self.path, 'r+b') as file:
            file.truncate(len(whole))
        return [json.loads(line) for line in whole.splitlines()]


def _differences(earlier: Mapping[str, str], now: Mapping[str, str]) -> str:
    names = [name for name in {**earlier, **now} if earlier.get(name) != now.get(name)]
    return ', '.join(f'{name} was {earlier.get(name)}, is {now.get(name)}' for name in names)


def _written(person: Person) -> dict:
    """A person for JSON."""
    joints = _rounded(np.column_stack([person.keypoints, person.scores]))
    box = None if person.bbox_xywh is None else _rounded(person.bbox_xywh)
    return {'set': person.keypoint_set, 'joints': joints, 'box': box}


def _rounded(values: np.ndarray) -> list:
    return np.asarray(values, np.float64).round(_DIGITS).tolist()


def _read(entry: Mapping) -> Person:
    joints = np.array(entry['joints'], np.float32)
    box = None if entry['box'] is None else np.array(entry['box'], np.float32)
    return Person(0, joints[:, :2], joints[:, 2], entry['set'], box)
