import cv2
import numpy as np
import pytest
from PIL import Image

from dpmesh_plugin.visualization import save_animation

GREYS = (30, 120, 210)


def _frames(shape=(40, 60, 3)):
    return (np.full(shape, grey, np.uint8) for grey in GREYS)


def test_gif(tmp_path):
    save_animation(_frames(), tmp_path / 'deep' / 'a.gif', frame_rate=20)
    picture = Image.open(tmp_path / 'deep' / 'a.gif')
    assert (picture.size, picture.n_frames, picture.info['loop']) == ((60, 40), 3, 0)
    for frame, grey in enumerate(GREYS):
        picture.seek(frame)
        assert picture.info['duration'] == 50
        assert abs(np.asarray(picture.convert('L'))[20, 30] - grey) <= 2


def test_mp4_drops_an_odd_row_and_keeps_colours_in_order(tmp_path):
    blue = np.zeros((41, 60, 3), np.uint8)
    blue[..., 2] = 220
    save_animation([blue, blue], tmp_path / 'a.mp4', frame_rate=12.5)
    capture = cv2.VideoCapture(str(tmp_path / 'a.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    frame = capture.read()[1]
    assert frame.shape == (40, 60, 3)
    assert frame[20, 30, 0] > 180 > 60 > frame[20, 30, 2]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"ends with \.gif or \.mp4, got '.*a\.avi'"):
        save_animation(_frames(), tmp_path / 'a.avi', frame_rate=25)
    with pytest.raises(ValueError, match='frames per second above 0, got 0'):
        save_animation(_frames(), tmp_path / 'a.gif', frame_rate=0)
    with pytest.raises(ValueError, match=r'expected frames for .*a\.gif, got none'):
        save_animation([], tmp_path / 'a.gif', frame_rate=25)

    def broken():
        yield from _frames()
        raise RuntimeError('a frame could not be drawn')

    for name in ('a.gif', 'a.mp4'):
        with pytest.raises(RuntimeError, match='could not be drawn'):
            save_animation(broken(), tmp_path / name, frame_rate=25)
    assert list(tmp_path.iterdir()) == []
