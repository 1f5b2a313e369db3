"""Cut-outs of one's own."""

from pathlib import Path

import cv2
import numpy as np

from dpmesh_plugin.registry import OCCLUDERS
from dpmesh_plugin.structures import Cutout, Visibility, trimmed

CAUSES = {'object': Visibility.OCCLUDED_BY_OBJECT, 'person': Visibility.OCCLUDED_BY_PERSON}


@OCCLUDERS.register_module()
class CutoutFolder:
    """PNG files with an alpha channel, in a folder and the folders below it.

    Files are read when they are asked for and kept, at most ``max_side`` large.

    Args:
        path: Folder.
        cause: ``'object'`` or ``'person'``: what the pictures show.
        max_side: Larger pictures are scaled down to this longer side, px.

    Raises:
        FileNotFoundError: there is no such folder, or no PNG file in it.
        ValueError: unknown cause; and when a picture is read: it cannot be decoded, has no alpha
            channel, or is transparent everywhere.
    """

    def __init__(self, *, path: str, cause: str = 'object', max_side: int = 256) -> None:
        if cause not in CAUSES:
            raise ValueError(f'cause must be one of {", ".join(CAUSES)}, got {cause!r}')
        self.cause = CAUSES[cause]
        self.max_side = max_side
        self.files = sorted(Path(path).rglob('*.png'))
        if not self.files:
            found = 'no .png file in it' if Path(path).is_dir() else 'no such folder'
            raise FileNotFoundError(
                f'expected a folder of cut-outs (PNG with alpha) at {Path(path).absolute()}, '
                f'found {found}'
            )
        self._read: list[Cutout | None] = [None] * len(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Cutout:
        if self._read[index] is None:
            pixels = read_cutout(self.files[index])
            scale = self.max_side / max(pixels.shape[:2])
            if scale < 1:
                pixels = _shrunk(pixels, scale)
            self._read[index] = Cutout(pixels, self.cause)
        return self._read[index]


def read_cutout(path: Path) -> np.ndarray:
    """The opaque part of a PNG file: (h, w, 4) uint8, RGB and opacity.

    Raises:
        ValueError: it cannot be decoded, has no alpha channel, or is transparent everywhere.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f'{path.absolute()} cannot be decoded as an image')
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise ValueError(
            f'{path.absolute()}: a cut-out is 8-bit RGBA, got {pixels.dtype} of shape '
            f'{pixels.shape}; save it with an alpha channel'
        )
    try:
        return trimmed(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA))
    except ValueError as error:
        raise ValueError(f'{path.absolute()}: {error}') from None


def _shrunk(pixels: np.ndarray, scale: float) -> np.ndarray:
    """A smaller picture whose edge does not take up the colour of what is transparent."""
    size = [max(round(side * scale), 1) for side in pixels.shape[1::-1]]
    opacity = pixels[..., 3:].astype(np.float32)
    solid = np.dstack([pixels[..., :3] * (opacity / 255), opacity])
    solid = cv2.resize(solid, size, interpolation=cv2.INTER_AREA)
    solid[..., :3] /= np.maximum(solid[..., 3:] / 255, 1e-3)
    return np.rint(solid.clip(0, 255)).astype(np.uint8)
