"""Reading images."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.utils.choices import check_choice

OnError = Literal['raise', 'skip']

_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', 0xDA, b'\xff\xd9'
_PNG_START, _PNG_END = b'\x89PNG', b'IEND'


@TRANSFORMS.register_module()
class LoadMeshImage(BaseTransform):
    """Read the image of a person as RGB, in the orientation of the stored pixels.

    A missing, unreadable or truncated image, or one of another size than annotated, raises. With
    ``on_error='skip'`` the sample goes on as a black image and carries the reason as ``skipped``:
    ``PackMeshInputs`` then packs no ground truth, metrics count and list it, and in training the
    data set takes another sample in its place and logs it.

    Required keys: ``img_path``, ``ori_shape`` (w, h; may be None where nothing is annotated).

    Modified keys: ``ori_shape`` where it was None.

    Added keys: ``img`` (H, W, 3) uint8 RGB; ``skipped`` (the reason, only if skipped).

    Args:
        on_error: ``'raise'`` or ``'skip'``.

    Raises:
        FileNotFoundError: no such image.
        ValueError: the image cannot be decoded, is cut off, or has another size than annotated.
    """

    def __init__(self, *, on_error: OnError = 'raise') -> None:
        check_choice('on_error', on_error, OnError)
        self.on_error = on_error

    def transform(self, results: dict) -> dict:
        """Read one image."""
        try:
            image = read_image(results['img_path'])
            self._check_size(image, results)
        except (FileNotFoundError, ValueError) as error:
            if self.on_error == 'raise' or results['ori_shape'] is None:
                raise
            width, height = results['ori_shape']
            results['skipped'] = str(error)
            image = np.zeros((height, width, 3), np.uint8)
        results['img'] = image
        results['ori_shape'] = (image.shape[1], image.shape[0])
        return results

    @staticmethod
    def _check_size(image: np.ndarray, results: dict) -> None:
        annotated, found = results['ori_shape'], (image.shape[1], image.shape[0])
        if annotated is not None and tuple(annotated) != found:
            raise ValueError(
                f'{Path(results["img_path"]).absolute()} has (width, height) {found}, annotated is '
                f'{tuple(annotated)} (annotation {results.get("sample_idx")}): the image or the '
                'annotation file is another version'
            )


def read_image(path: str | Path) -> np.ndarray:
    """Read a whole image.

    Decoders fill up what is missing of a cut off file with grey; such a file is refused here.

    Args:
        path: Image file.

    Returns:
        (H, W, 3) uint8 RGB; the orientation tag is not applied.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it cannot be decoded or is cut off.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected an image, found none at {path.absolute()}')
    content = path.read_bytes()
    if is_truncated(content):
        raise ValueError(
            f'{path.absolute()} is cut off after {len(content)} bytes; copy or download it again'
        )
    pixels = np.frombuffer(content, np.uint8)
    image = None
    if len(pixels):
        image = cv2.imdecode(pixels, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError(
            f'{path.absolute()} ({len(content)} bytes) cannot be decoded as an image; copy or '
            'download it again'
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def is_truncated(content: bytes) -> bool:
    """Whether the bytes of a JPEG or PNG file stop before its end marker."""
    if content.startswith(_PNG_START):
        return content.find(_PNG_END) < 0
    if not content.startswith(_JPEG_START):
        return False
    position = len(_JPEG_START)
    # Segments say how long they are, so the thumbnail inside one, a JPEG itself, is stepped over.
    while position + 4 <= len(content):
        marker = content[position + 1]
        position += 2 + int.from_bytes(content[position + 2 : position + 4], 'big')
        if marker == _JPEG_SCAN:
            return content.find(_JPEG_END, position) < 0
    return True
