import os
import signal
import threading

import cv2
import numpy as np
import pytest

from dpmesh_plugin.apis import webcam


class Camera:
    """A camera of 20 pictures per second that gives ``num`` of them, at once."""

    def __init__(self, num):
        self.num = num
        self.released = False

    def isOpened(self):  # noqa: N802, the name is OpenCV's
        return self.num > 0

    def get(self, what):
        return 20.0 if what == cv2.CAP_PROP_FPS else 0.0

    def read(self):
        self.num -= 1
        return self.num >= 0, np.full((48, 64, 3), 200, np.uint8)

    def release(self):
        self.released = True


@pytest.fixture
def camera(monkeypatch):
    def connect(num, seconds_per_picture=0.05):
        camera = Camera(num)
        monkeypatch.setattr(webcam.cv2, 'VideoCapture', lambda number: camera)
        clock = iter(np.arange(10_000) * seconds_per_picture)
        monkeypatch.setattr(webcam.time, 'monotonic', lambda: next(clock))
        return camera

    return connect


@pytest.mark.parametrize(
    ('text', 'number'), [('webcam', 0), ('webcam:2', 2), ('webcam.mp4', None), (3, None)]
)
def test_cameras_are_told_from_files(text, number):
    assert webcam.webcam_number(text) == number


@pytest.mark.parametrize('seconds_per_picture', [0.025, 0.05, 0.1])
def test_the_recording_lasts_as_long_as_it_took(seconds_per_picture, camera, tmp_path, monkeypatch):
    source = camera(1000, seconds_per_picture)
    written = []
    monkeypatch.setattr(
        webcam, 'save_animation', lambda frames, path, frame_rate: written.extend(frames)
    )
    path = webcam.record_webcam(1, tmp_path, seconds=2.0)
    assert path.name.startswith('webcam_1_')
    assert abs(len(written) - 40) <= 2
    assert source.released


def test_a_recording_is_a_video_and_takes_the_place_of_the_camera(camera, tmp_path):
    camera(5)
    photo, path = webcam.record_webcams(['a.jpg', 'webcam'], tmp_path, seconds=None)
    assert photo == 'a.jpg'
    assert path.stat().st_size > 0


def test_ctrl_c_ends_the_recording_and_not_the_program(camera, tmp_path, monkeypatch):
    source = camera(1000)
    read = source.read

    def interrupted():
        if source.num == 990:
            os.kill(os.getpid(), signal.SIGINT)
        return read()

    source.read = interrupted
    before = signal.getsignal(signal.SIGINT)
    assert webcam.record_webcam(0, tmp_path, seconds=None).is_file()
    assert 980 < source.num < 995
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_records_too(camera, tmp_path):
    camera(3)
    thread = threading.Thread(
        target=webcam.record_webcam, args=(0, tmp_path), kwargs={'seconds': 1}
    )
    thread.start()
    thread.join()
    assert len(list(tmp_path.glob('webcam_0_*.mp4'))) == 1


def test_no_camera_and_no_folder_are_named(camera, tmp_path):
    camera(0)
    with pytest.raises(ValueError, match='no camera with the number 3: connect one'):
        webcam.record_webcam(3, tmp_path, seconds=1.0)
    with pytest.raises(ValueError, match='state out_dir, the folder for the recording'):
        webcam.record_webcams('webcam', None, seconds=1.0)
