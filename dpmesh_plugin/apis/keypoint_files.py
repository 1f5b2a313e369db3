"""Given 2D keypoints: files of several formats, looked up by image."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.utils.io import load_json

from .detectors.base_detector import BaseDetector
from .fingerprint import fingerprint
from .keypoint_content import read_content
from .mmpose_results import is_mmpose
from .person import ImageKeypoints, Person

_OPENPOSE_SUFFIX = '_keypoints'
_MMPOSE_PREFIX = 'results_'
_LISTED_NAMES = 3


@dataclass(frozen=True)
class KeypointFile(BaseDetector):
    """Persons by image, as something else found them: a detector that looks images up.

    In a config, :func:`read_keypoints` is what builds it: ``dict(type='KeypointFile', path=...)``.

    Args:
        path: File or folder they came from, or words for what is no file.
        images: One entry per image.
    """

    path: Path
    images: tuple[ImageKeypoints, ...]

    @property
    def num_persons(self) -> int:
        """Number of persons in all images."""
        return sum(len(image.persons) for image in self.images)

    @property
    def label(self) -> str:
        """The file."""
        return str(self.path)

    def facts(self) -> dict[str, str]:
        """A checksum of what is in the file, wherever that lies."""
        persons = {f'{i} {image.name}': image.persons for i, image in enumerate(self.images)}
        return {'detector': type(self).__name__, 'persons_sha256': fingerprint(persons)}

    def detect(self, image: np.ndarray, *, name: str | Path = '') -> tuple[Person, ...]:
        """The persons that the file has for an image.

        Raises:
            KeyError: as :meth:`find`.
            ValueError: as :meth:`find`, or the file states another size of the image.
        """
        entry, size = self.find(name), image.shape[1::-1]
        if entry.size is None or tuple(entry.size) == size:
            return entry.persons
        turned = tuple(entry.size) == size[::-1]
        hint = '; maybe it is turned: --apply-exif says whether to follow its tag' if turned else ''
        raise ValueError(
            f'the image has (width, height) {size}, the keypoint file says {tuple(entry.size)}: '
            f'its keypoints belong to another version of the image{hint}'
        )

    def find(self, image: str | Path) -> ImageKeypoints:
        """The persons of an image, by its file name.

        An entry fits if its name, with the folders it states, is the end of the image's path, as
        given or as links lead; or, where formats name images without suffix or by number, if it
        equals the name so. A name without folders fits in any, an absolute one only in its own.

        Args:
            image: Path of the image.

        Raises:
            KeyError: no entry fits, or there is none at all.
            ValueError: several fit.
        """
        self.check_not_empty()
        if self.has_no_name:
            return self.images[0]
        image = Path(image)
        names = [image.name, image.stem]
        if image.stem.isdecimal():
            names.append(str(int(image.stem)))
        # A name without suffix is its own stem.
        names = list(dict.fromkeys(names))
        entries = [entry for name in names for entry in self._by_name.get(name, ())]
        folder = Path(os.path.abspath(image)).parent
        ends = (folder, image.absolute().parent.resolve())
        fitting = [entry for entry in entries if any(_is_below(end, entry.name) for end in ends)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise ValueError(f'{self.path} has {len(fitting)} entries that fit {image}')
        reason = f' ({_listed(self.images)})'
        if entries:
            reason = (
                f': it has {_listed(entries)}, but the image is {folder / image.name}. Expected an '
                'image whose path ends with the whole name: put or link it into these folders, or '
                f'leave the folders out of the names, as {image.name} fits in any'
            )
        raise KeyError(
            f'{image.name} is not among the {len(self.images)} images of {self.path}{reason}'
        )

    @property
    def has_no_name(self) -> bool:
        """Whether the persons are those of one image, whatever that is called."""
        return len(self.images) == 1 and not self.images[0].name

    def check_not_empty(self) -> None:
        """Raise KeyError if there is no image at all."""
        if not self.images:
            raise KeyError(f'{self.path} is empty, as detectors leave it that found nobody')

    @cached_property
    def _by_name(self) -> dict[str, list[ImageKeypoints]]:
        table: dict[str, list[ImageKeypoints]] = defaultdict(list)
        for entry in self.images:
            table[PurePosixPath(entry.name).name].append(entry)
        return table


def _is_below(folder: Path, name: str) -> bool:
    """Whether the folders that a name states are the last ones of a path."""
    stated = PurePosixPath(name).parent.parts
    return not stated or folder.parts[-len(stated) :] == stated


def _listed(entries: Sequence[ImageKeypoints]) -> str:
    """The names of the first entries."""
    more = ', ...' if len(entries) > _LISTED_NAMES else ''
    return ', '.join(entry.name for entry in entries[:_LISTED_NAMES]) + more


@DETECTORS.register_module('KeypointFile')
def read_keypoints(path: str | Path, *, keypoint_set: str | None = None) -> KeypointFile:
    """Read given 2D keypoints; the format is recognised by its structure.

    - COCO-style annotations: joints are matched by the names in ``categories``; the flag 0 is an
      absent joint, 1 and 2 are present; crowd annotations are left out.
    - OpenPose: 18 or 25 joints; a file for one image, or a folder of ``NAME_keypoints.json``.
    - mmpose: a file of its demo or its inferencer for one image or video, or a folder of such
      files ``NAME.json``.
    - A list of results: joints of the set ``keypoint_set``, each with x, y and score; AlphaPose's
      ``alphapose-results.json`` needs none.

    Persons with values that are not finite stay: who uses them says what is wrong with them.

    Args:
        path: JSON file, or folder of files of OpenPose or mmpose.
        keypoint_set: Name of the joints' set, for files that do not state it.

    Raises:
        FileNotFoundError: nothing at ``path``, or a folder without such files.
        KeyError: joints of no known set, or a missing field.
        ValueError: another format, a wrong number of joints, or a file that names its joints, which
            are not those of ``keypoint_set``.
    """
    path = Path(path)
    if keypoint_set is not None:
        get_keypoint_set(keypoint_set)  # an unknown one is said before anything is read
    read = _read_folder if path.is_dir() else _read_file
    return KeypointFile(path, tuple(read(path, keypoint_set)))


def _read_file(path: Path, keypoint_set: str | None) -> list[ImageKeypoints]:
    return _entries(load_json(path), path, keypoint_set)


def _read_folder(path: Path, keypoint_set: str | None) -> list[ImageKeypoints]:
    """One file per image or video, of OpenPose or of mmpose."""
    openpose = sorted(path.glob(f'*{_OPENPOSE_SUFFIX}.json'))
    entries = []
    for file in openpose or sorted(path.glob('*.json')):
        content = load_json(file)
        if openpose and not (isinstance(content, dict) and 'people' in content):
            raise ValueError(
                f"{file.absolute()} is no OpenPose result: expected a dict with 'people'"
            )
        if content == []:
            entries.append(ImageKeypoints(file.stem, ()))  # mmpose found nobody
        elif openpose or is_mmpose(content):
            entries += _entries(content, file, keypoint_set)
    if not entries:
        raise FileNotFoundError(
            f'expected OpenPose files NAME{_OPENPOSE_SUFFIX}.json or mmpose files NAME.json in '
            f'{path.absolute()}, found none'
        )
    return entries


def _entries(content: Any, path: Path, keypoint_set: str | None) -> list[ImageKeypoints]:
    """What a file of any format holds; those of one image or video are named after it."""
    name = path.stem
    if isinstance(content, dict) and 'people' in content:
        name = name.removesuffix(_OPENPOSE_SUFFIX)
    elif isinstance(content, dict) and is_mmpose(content):
        name = name.removeprefix(_MMPOSE_PREFIX)  # that of its demo
    return read_content(content, name, str(path), keypoint_set)
