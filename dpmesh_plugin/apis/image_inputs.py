"""The images and videos that are meant, and reading them."""

import glob
import os
import struct
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image

from dpmesh_plugin.datasets.transforms.loading import read_image
from dpmesh_plugin.utils.errors import error_words

from .detectors import BaseDetector
from .image_job import Camera, ImageJob
from .inference_report import Problem
from .person import Person
from .video_reader import VIDEO_SUFFIXES

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.gif')
ImageInput = str | os.PathLike | np.ndarray
# What a damaged image, a strange entry of the keypoint file or an unusable person raise.
INPUT_ERRORS = (OSError, ValueError, KeyError)
# What Pillow raises at images that OpenCV reads: it refuses their kind or size, or the tag is
# damaged, which no program follows.
_NO_TAG = (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError)
# How to turn the stored pixels by the orientation tag: a flip of rows and columns, then a turn.
_TURNS = {
    2: (True, None),
    3: (False, cv2.ROTATE_180),
    4: (True, cv2.ROTATE_180),
    5: (True, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (False, cv2.ROTATE_90_CLOCKWISE),
    7: (True, cv2.ROTATE_90_CLOCKWISE),
    8: (False, cv2.ROTATE_90_COUNTERCLOCKWISE),
}

_TAG_NOT_APPLIED = (
    'carries orientation tag {tag} and is read as stored; if its keypoints are of the turned '
    'picture, say --apply-exif, else --no-apply-exif'
)


def split_inputs(
    inputs: ImageInput | Sequence[ImageInput],
) -> tuple[dict[Path, np.ndarray | None], list[Path], list[Problem]]:
    """The images and the videos that are meant by an input or a list of them.

    A folder stands for its own images, sorted; what else is in it is said. A name with ``*``, ``?``
    or ``[`` that is no file stands for the files it matches, sorted. In a list, a file that is
    missing is left in, so that it can be reported while the rest goes on.

    Returns:
        Images by path, with the pixels where an array was given, named by its position in the
        list: ``000000``; videos; and what was left out of folders.

    Raises:
        FileNotFoundError: there is no such file or folder, or no image in it.
        ValueError: the list is empty.
    """
    alone = isinstance(inputs, str | os.PathLike | np.ndarray)
    items = [inputs] if alone else inputs
    if not len(items):
        raise ValueError('expected at least one image or video, got an empty list')
    images: dict[Path, np.ndarray | None] = {}
    videos, left_out = [], []
    for position, item in enumerate(items):
        if isinstance(item, np.ndarray):
            images[Path(f'{position:06d}')] = item
            continue
        if Path(item).is_dir() and (others := _other_than_images(Path(item))):
            left_out.append(Problem(str(item), f'not taken: {others}'))
        for path in _list_files(Path(item), missing_ok=not alone):
            if path.suffix.lower() in VIDEO_SUFFIXES:
                videos.append(path)
            else:
                images[path] = None
    return images, list(dict.fromkeys(videos)), left_out


def read_photo(path: Path, *, apply_exif: bool) -> np.ndarray:
    """Read an image as (H, W, 3) uint8 RGB; of 16 bits the upper 8, alpha is dropped.

    Args:
        path: Image file.
        apply_exif: Whether to turn it as its orientation tag says, as cameras write.

    Raises:
        FileNotFoundError: no such image.
        ValueError: it cannot be read, or has more pixels than OpenCV takes.
    """
    try:
        image = read_image(path)
    except cv2.error as error:
        raise ValueError(f'{path.absolute()} is refused by OpenCV: {error.err}') from error
    if not apply_exif:
        return image
    mirrored, turn = _TURNS.get(_orientation(path), (False, None))
    image = image[:, ::-1] if mirrored else image
    return np.ascontiguousarray(image) if turn is None else cv2.rotate(image, turn)


def open_images(
    images: Mapping[Path, np.ndarray | None],
    detector: BaseDetector,
    camera: Camera,
    problems: list[Problem],
    notes: list[Problem],
    *,
    apply_exif: bool | None,
) -> Iterator[tuple[ImageJob, tuple[Person, ...]]]:
    """Read image after image, each with the persons that are found in it.

    Args:
        images: Files, or arrays (H, W, 3) uint8 RGB by their name.
        detector: Finds the persons, or looks them up.
        camera: Camera of all images.
        problems: What cannot be used is added here.
        notes: Images with an orientation tag are added here where ``apply_exif`` is None.
        apply_exif: See :func:`read_photo`; None for False, and to note images that it matters to.
    """
    for path, pixels in images.items():
        try:
            given = pixels is not None
            image = _checked(pixels) if given else read_photo(path, apply_exif=bool(apply_exif))
            tag = _orientation(path) if apply_exif is None and not given else 1
            persons = detector.detect(image, name=path)
        except INPUT_ERRORS as error:
            problems.append(Problem(str(path), error_words(error)))
            continue
        if tag in _TURNS:
            notes.append(Problem(str(path), _TAG_NOT_APPLIED.format(tag=tag)))
        if not persons:
            problems.append(Problem(str(path), f'{detector.label} has no person for it'))
        intrinsics = camera.matrix(image.shape[1::-1])
        yield ImageJob(path, image, intrinsics, source=detector.label), persons


def note_camera(
    jobs: Iterable[tuple[ImageJob, Sequence[Person]]], camera: Camera, notes: list[Problem]
) -> Iterator[tuple[ImageJob, Sequence[Person]]]:
    """The same images; what is strange about their camera is noted once, with the first of them."""
    doubt = None
    for job, persons in jobs:
        if doubt is None and (doubt := camera.doubt(job.image.shape[1::-1])):
            notes.append(Problem(str(job.path), doubt))
        yield job, persons


def _list_files(path: Path, *, missing_ok: bool) -> list[Path]:
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if _is_image(each))
        if not found:
            others = _other_than_images(path)
            raise FileNotFoundError(
                f'the folder {path.absolute()} has no image; looked for {", ".join(IMAGE_SUFFIXES)}'
                f'{", found " if others else ""}{others}'
            )
        return found
    if path.exists():
        return [path]
    pattern = glob.has_magic(str(path))
    found = sorted(map(Path, glob.glob(str(path), recursive=True))) if pattern else []
    if not found and (pattern or not missing_ok):
        raise FileNotFoundError(
            f'expected an image, a video, a folder or a pattern, found none at {path.absolute()}'
        )
    return found or [path]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.is_dir()


def _other_than_images(folder: Path) -> str:
    """What is in a folder besides images, keypoint files and hidden files, in words."""
    others = [each for each in sorted(folder.iterdir()) if not _is_image(each)]
    others = [e for e in others if not e.name.startswith('.') and e.suffix.lower() != '.json']
    folders = [each for each in others if each.is_dir()]
    files = [each for each in others if each not in folders]
    videos = [each for each in files if each.suffix.lower() in VIDEO_SUFFIXES]
    files = [each for each in files if each not in videos]
    kinds = [
        ('folders', folders, f"give them by name, or a pattern such as '{folder}/**/*.jpg'"),
        ('videos', videos, 'give them by name'),
        ('other files', files, f'images end with {", ".join(IMAGE_SUFFIXES)}'),
    ]
    return '; '.join(
        f'{kind} {_first_names(paths)} ({advice})' for kind, paths, advice in kinds if paths
    )


def _first_names(paths: Sequence[Path], *, limit: int = 5) -> str:
    names = ', '.join(path.name for path in paths[:limit])
    return names if len(paths) <= limit else f'{names} and {len(paths) - limit} more'


def _checked(image: np.ndarray) -> np.ndarray:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f'expected an RGB image (H, W, 3) uint8, got {image.dtype} {image.shape}')
    return image


def _orientation(path: Path) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            with Image.open(path) as image:
                return image.getexif().get(ExifTags.Base.Orientation, 1)
        except _NO_TAG:
            return 1
