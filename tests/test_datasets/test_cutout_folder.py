import cv2
import numpy as np
import pytest

from dpmesh_plugin.registry import OCCLUDERS
from dpmesh_plugin.structures import Visibility


def _write(path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


def _rgba(height: int, width: int) -> np.ndarray:
    """A blue picture (BGRA) with a transparent border of one pixel."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[1:-1, 1:-1] = (200, 10, 20, 255)
    return pixels


def test_reads_trims_and_shrinks(tmp_path):
    _write(tmp_path / 'a.png', _rgba(12, 8))
    _write(tmp_path / 'more' / 'b.png', _rgba(402, 202))
    source = OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path), 'cause': 'person'})
    assert len(source) == 2
    first, second = source[0], source[1]
    assert first.pixels.shape == (10, 6, 4)
    assert first.pixels[0, 0].tolist() == [20, 10, 200, 255]
    assert first.cause == Visibility.OCCLUDED_BY_PERSON
    assert second.pixels.shape == (256, 128, 4)
    assert second.pixels[0, 0].tolist() == [20, 10, 200, 255]
    assert source[1] is second


@pytest.mark.parametrize(
    ('pixels', 'message'),
    [
        (
            np.zeros((4, 4, 3), np.uint8),
            r'bad.png: a cut-out is 8-bit RGBA, got uint8 .*4, 3\)',
        ),
        (np.zeros((4, 4, 4), np.uint8), 'bad.png: nothing of the picture is opaque'),
        (np.zeros((4, 4, 4), np.uint16), 'bad.png: a cut-out is 8-bit RGBA, got uint16'),
    ],
)
def test_bad_pictures_are_named(tmp_path, pixels, message):
    _write(tmp_path / 'bad.png', pixels)
    with pytest.raises(ValueError, match=message):
        OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path)})[0]


def test_a_file_that_is_no_picture(tmp_path):
    (tmp_path / 'bad.png').write_text('hello')
    with pytest.raises(ValueError, match='bad.png cannot be decoded'):
        OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path)})[0]


def test_bad_arguments(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'found no \.png file in it'):
        OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path)})
    with pytest.raises(FileNotFoundError, match='found no such folder'):
        OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path / 'nowhere')})
    _write(tmp_path / 'a.png', _rgba(4, 4))
    with pytest.raises(ValueError, match="cause must be one of object, person, got 'tree'"):
        OCCLUDERS.build({'type': 'CutoutFolder', 'path': str(tmp_path), 'cause': 'tree'})
