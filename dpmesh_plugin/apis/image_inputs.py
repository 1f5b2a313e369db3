"""The images and videos that are meant, and reading them."""

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from dpmesh_plugin.datasets.transforms.loading import read_image

from .detectors import BaseDetector
from .image_job import Camera, ImageJob
from .inference_report import Problem
from .keypoint_formats import Person
from .video_reader import VIDEO_SUFFIXES

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
ImageInput = str | os.PathLike | np.ndarray
# What a damaged image, a strange entry of the keypoint file or an unusable person raise.
INPUT_ERRORS = (OSError, ValueError, KeyError)
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


def split_inputs(
    inputs: ImageInput | Sequence[ImageInput],
) -> tuple[dict[Path, np.ndarray | None], list[Path]]:
    """The images and the videos that are meant by an input or a list of them.

    A folder stands for its own images, sorted; a name with ``*``, ``?`` or ``[`` that is no file
    for the files it matches, sorted. In a list, a file that is missing is left in, so that it can
    be reported while the rest goes on.

    Returns:
        Images by path, with the pixels where an array was given, named by its position in the
        list: ``000000``; and videos.

    Raises:
        FileNotFoundError: there is no such file or folder, or no image in it.
        ValueError: the list is empty.
    """
    alone = isinstance(inputs, str | os.PathLike | np.ndarray)
    items = [inputs] if alone else inputs
    if not len(items):
        raise ValueError('expected at least one image or video, got an empty list')
    images: dict[Path, np.ndarray | None] = {}
    videos = []
    for position, item in enumerate(items):
        if isinstance(item, np.ndarray):
            images[Path(f'{position:06d}')] = item
            continue
        for path in _list_files(Path(item), missing_ok=not alone):
            if path.suffix.lower() in VIDEO_SUFFIXES:
                videos.append(path)
            else:
                images[path] = None
    return images, list(dict.fromkeys(videos))


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
    *,
    apply_exif: bool,
) -> Iterator[tuple[ImageJob, tuple[Person, ...]]]:
    """Read image after image, each with the persons that are found in it.

    Args:
        images: Files, or arrays (H, W, 3) uint8 RGB by their name.
        detector: Finds the persons, or looks them up.
        camera: Camera of all images.
        problems: What cannot be used is added here.
        apply_exif: See :func:`read_photo`.
    """
    for path, pixels in images.items():
        try:
            given = pixels is not None
            image = _checked(pixels) if given else read_photo(path, apply_exif=apply_exif)
            persons = detector.detect(image, name=path)
        except INPUT_ERRORS as error:
            problems.append(Problem(str(path), error_words(error)))
            continue
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


def error_words(error: Exception) -> str:
    """The message of an error (KeyError puts quotes around it)."""
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)


def _list_files(path: Path, *, missing_ok: bool) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        if not found:
            raise FileNotFoundError(
                f'the folder {path.absolute()} has no image; looked for {", ".join(IMAGE_SUFFIXES)}'
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


def _checked(image: np.ndarray) -> np.ndarray:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f'expected an RGB image (H, W, 3) uint8, got {image.dtype} {image.shape}')
    return image


def _orientation(path: Path) -> int:
    try:
        with Image.open(path) as image:
            return image.getexif().get(ExifTags.Base.Orientation, 1)
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return 1
