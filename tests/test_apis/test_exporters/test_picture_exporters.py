from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from dpmesh_plugin.apis.exporters import GIFExporter, MP4Exporter, ViewsExporter


def test_a_sheet_of_views(photograph, body, tmp_path):
    (path,) = ViewsExporter(panel_size=100).export(photograph, body, tmp_path / 'photo')
    assert path.name == 'photo_views.png'
    sheet = cv2.imread(str(path))
    # Rows for both together and for each; columns for front, side and top; bars with labels.
    assert sheet.shape == (3 * (122 + 6) + 6, 3 * 106 + 6, 3)


def test_a_photograph_turns_once(photograph, body, tmp_path):
    exporter = GIFExporter(seconds_per_turn=0.32, still_frame_rate=25, size=(90, 90))
    (path,) = exporter.export(photograph, body, tmp_path / 'photo')
    assert path.name == 'photo_turntable.gif'
    picture = Image.open(path)
    assert (picture.n_frames, picture.size, picture.info['duration']) == (8, (90, 90), 40)
    shapes = []
    for frame in range(8):
        picture.seek(frame)
        shapes.append(np.asarray(picture.convert('L')) < 200)
    assert all(shape.sum() > 100 for shape in shapes)
    assert (shapes[0] != shapes[2]).sum() > 100


def test_people_who_stand_apart_are_turned_in_a_larger_picture(photograph, body, tmp_path):
    (meshes,) = photograph.frames
    vertices = meshes.vertices + np.float32([[[0, 0, 0]], [[7, 0, 0]]])
    apart = replace(photograph, frames=[replace(meshes, vertices=vertices)])
    exporter = GIFExporter(
        seconds_per_turn=0.16, still_frame_rate=25, size=(90, 90), largest_size=(240, 120)
    )
    (path,) = exporter.export(apart, body, tmp_path / 'apart')
    picture = Image.open(path)
    assert (picture.n_frames, picture.width) == (4, 240)
    assert 90 <= picture.height <= 120
    # Side by side, and after a quarter of a turn one behind the other.
    for frame in (0, 1):
        picture.seek(frame)
        rows, _ = np.nonzero(np.asarray(picture.convert('L')) < 200)
        assert np.ptp(rows) > 30


@pytest.mark.parametrize('exporter', [GIFExporter, MP4Exporter])
def test_a_video_turns_while_it_moves(exporter, video, body, tmp_path):
    (path,) = exporter(size=(80, 80)).export(video, body, tmp_path / 'walk')
    if path.suffix == '.gif':
        assert Image.open(path).n_frames == 6
        return
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25)
    frames = []
    while (got := capture.read())[0]:
        frames.append(got[1])
    assert [frame.shape for frame in frames] == 6 * [(80, 80, 3)]
    # Frame 10 shows person 4 alone, frame 11 both.
    dark = [(frame.min(axis=2) < 200).sum() for frame in frames]
    assert dark[1] > 1.3 * dark[0]
