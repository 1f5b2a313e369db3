"""What goes in may be anything; what comes out is a mesh, or words about what is wrong."""

import errno
import json
import os
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from dpmesh_plugin.apis import KeypointFile, inference_report
from dpmesh_plugin.apis.person import ImageKeypoints, Person

SIZE = (160, 120)
HEIGHTS = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
OFFSETS = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
FIGURE = np.stack([80 + np.array(OFFSETS), np.array(HEIGHTS)], axis=1).astype(np.float32)
PIXELS = np.random.default_rng(0).integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)


def keypoints_of(tmp_path, keypoints=FIGURE, scores=1.0, box=None, name='a'):
    """One person in the image ``a``, or in no image where ``keypoints`` is None."""
    persons = ()
    if keypoints is not None:
        scores = np.broadcast_to(np.float32(scores), len(keypoints)).copy()
        box = None if box is None else np.array(box, np.float32)
        persons = (Person(0, np.array(keypoints, np.float32), scores, 'coco_17', box),)
    return KeypointFile(tmp_path / 'k.json', (ImageKeypoints(name, persons),))


def _exif(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(path, exif=exif)


def _palette(path):
    Image.fromarray(PIXELS).quantize(16).save(path)


def _large(path):
    cv2.imwrite(str(path), np.full((10_000, 10_000), 90, np.uint8))


READABLE = {
    'rgb': lambda path: cv2.imwrite(str(path), PIXELS),
    'grey': lambda path: cv2.imwrite(str(path), PIXELS[..., 0]),
    'grey of 16 bits': lambda path: cv2.imwrite(str(path), PIXELS[..., 0].astype(np.uint16) << 8),
    '16 bits': lambda path: cv2.imwrite(str(path), PIXELS.astype(np.uint16) << 8),
    'with alpha': lambda path: cv2.imwrite(str(path), np.dstack([PIXELS, PIXELS[..., 0]])),
    'turned by its tag': _exif,
    'palette': _palette,
    '100 megapixels': _large,
}


@pytest.mark.parametrize('kind', READABLE)
def test_images_that_are_meshed(kind, inferencer, tmp_path):
    READABLE[kind](tmp_path / 'a.png')
    report = inferencer(tmp_path / 'a.png', keypoints=keypoints_of(tmp_path), draw=kind != 'rgb')
    assert report.problems == []
    assert report.num_persons == 1
    assert all(picture.size <= 3 * 16_000_000 for picture in report.pictures)


def _too_large(path):
    cv2.imwrite(str(path), PIXELS)
    content = bytearray(path.read_bytes())
    content[16:24] = (2**16).to_bytes(4, 'big') * 2
    path.write_bytes(content)


def _cut_off(path):
    cv2.imwrite(str(path.with_suffix('.jpg')), PIXELS)
    path.write_bytes(path.with_suffix('.jpg').read_bytes()[:300])
    path.with_suffix('.jpg').unlink()


UNREADABLE = {
    'no bytes': (lambda path: path.touch(), r'a\.png'),
    'text': (lambda path: path.write_text('no image'), r'a\.png'),
    'cut off': (_cut_off, r'a\.png'),
    'more pixels than OpenCV takes': (_too_large, r'a\.png'),
    'not there': (lambda path: None, r'a\.png'),
    'another size than the file says': (lambda path: cv2.imwrite(str(path), PIXELS[:60]), 'says'),
}


@pytest.mark.parametrize('kind', UNREADABLE)
def test_images_that_are_reported_while_the_rest_goes_on(kind, inferencer, tmp_path):
    write, message = UNREADABLE[kind]
    write(tmp_path / 'a.png')
    cv2.imwrite(str(tmp_path / 'b.png'), PIXELS)
    person = keypoints_of(tmp_path).images[0].persons
    entries = tuple(ImageKeypoints(name, person, size=SIZE) for name in ('a', 'b'))
    keypoints = KeypointFile(tmp_path / 'k.json', entries)
    report = inferencer([tmp_path / 'a.png', tmp_path / 'b.png'], keypoints=keypoints, draw=False)
    assert [entry['image'] for entry in report.images] == [str(tmp_path / 'b.png')]
    (problem,) = report.problems
    assert problem.image == str(tmp_path / 'a.png')
    assert re.search(message, str(problem))


@pytest.mark.parametrize(
    ('array', 'persons', 'message'),
    [
        (PIXELS, 1, None),
        (np.asfortranarray(PIXELS), 1, None),
        (PIXELS[:, ::-1], 1, None),
        (PIXELS[..., 0], 0, r'expected an RGB image \(H, W, 3\) uint8, got uint8 \(120, 160\)'),
        (np.dstack([PIXELS, PIXELS]), 0, r'got uint8 \(120, 160, 6\)'),
        (PIXELS / 255, 0, r'got float64 \(120, 160, 3\)'),
        (PIXELS[:0], 0, r'got uint8 \(0, 160, 3\)'),
        (PIXELS[:1, :1], 0, r'lie outside the image of \(1, 1\) px'),
    ],
)
def test_arrays(array, persons, message, inferencer, tmp_path):
    report = inferencer(array, keypoints=keypoints_of(tmp_path, name='0'), draw=False)
    assert report.num_persons == persons
    assert (message is None) == (report.problems == [])
    if message is not None:
        assert re.search(message, str(report.problems[0]))


@pytest.mark.parametrize(
    ('person', 'message'),
    [
        ({}, None),
        ({'keypoints': None}, 'k.json has no person for it'),
        ({'keypoints': FIGURE + 900}, r'lie outside the image of \(160, 120\) px'),
        ({'keypoints': FIGURE - 900}, 'are they of another image, or of one resized'),
        ({'keypoints': FIGURE + np.float32([60, 0])}, None),
        ({'keypoints': np.full((17, 2), 50.0)}, 'all 17 .* lie within about a pixel'),
        ({'keypoints': FIGURE / SIZE, 'box': [60, 10, 40, 100]}, 'are they normalised to 0..1'),
        (
            {'keypoints': FIGURE[:, :1] / 160 * [1, 1.1]},
            r'normalised .* expected px',
        ),
        ({'scores': np.nan}, r'NaN or infinite entries in .*k\.json'),
        ({'scores': np.inf}, 'NaN or infinite'),
        ({'keypoints': FIGURE * np.nan}, 'NaN or infinite'),
        ({'box': [10, 10, np.nan, 5]}, 'NaN or infinite'),
        ({'scores': 0.0}, '0 of its keypoints have a confidence above 0.05, 3 are needed'),
        ({'scores': 0.0, 'box': [60, 10, 40, 100]}, '0 of its keypoints have a confidence'),
        ({'scores': 0.05, 'box': [60, 10, 40, 100]}, '0 of its keypoints have a confidence'),
        ({'scores': np.arange(17) == 5}, '1 of its keypoints have a confidence above 0.05, 3 are'),
        ({'scores': np.arange(17) > 14}, '2 of its keypoints have a confidence'),
        ({'scores': np.arange(17) > 13}, None),
        ({'scores': 1.3}, None),
        ({'scores': 2.0}, None),
        (
            {'scores': 25.0},
            r'person 0: its confidences reach 25 in .*k\.json, expected 0 to 1: div',
        ),
        ({'scores': np.where(np.arange(17) == 3, 90, 0.5)}, r'reach 90 in .*k\.json'),
        ({'scores': -1.0}, '0 of its keypoints have a confidence above 0.05, 3 are needed'),
    ],
)
def test_persons_who_are_meshed_or_reported(person, message, inferencer, tmp_path):
    """An empty message: one of the two, and never a mesh that is not finite."""
    cv2.imwrite(str(tmp_path / 'a.png'), PIXELS)
    report = inferencer(tmp_path / 'a.png', keypoints=keypoints_of(tmp_path, **person))
    assert report.num_persons + len(report.problems) == 1
    assert all(np.isfinite(meshes.vertices).all() for meshes in report.meshes)
    if message is None:
        assert report.problems == []
    elif message:
        assert re.search(message, str(report.problems[0]))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'focal_length': 0.0}, 'focal length above 0 px, got 0.0'),
        ({'focal_length': np.nan}, 'focal length above 0 px, got nan'),
        ({'intrinsics': np.eye(2)}, r'expected intrinsics \[\[fx, 0, cx\]'),
        ({'intrinsics': np.full((3, 3), np.nan)}, 'in px with fx, fy > 0'),
        ({'intrinsics': -np.eye(3)}, 'in px with fx, fy > 0'),
        ({'intrinsics': np.eye(3), 'focal_length': 9.0}, 'not both'),
        ({'batch_size': 0}, 'at least one person per pass of the model, got 0'),
    ],
)
def test_wrong_options_stop_before_anything_is_read(options, message, inferencer, tmp_path):
    with pytest.raises(ValueError, match=message):
        inferencer(tmp_path / 'none.png', keypoints=keypoints_of(tmp_path), **options)


@pytest.mark.parametrize(
    ('content', 'error'),
    [
        ('', ValueError),
        ('{', ValueError),
        ('[NaN', ValueError),
        ('3', ValueError),
        ('{}', ValueError),
    ],
)
def test_files_that_are_no_keypoints_are_named(content, error, inferencer, tmp_path):
    (tmp_path / 'k.json').write_text(content)
    with pytest.raises(error, match=r'k\.json'):
        inferencer(PIXELS, keypoints=tmp_path / 'k.json')


def test_a_folder_that_cannot_be_written_is_known_before_the_model_runs(inferencer, tmp_path):
    with pytest.raises(OSError, match='is not writable; choose another'):
        inferencer(PIXELS, keypoints=keypoints_of(tmp_path), out_dir='/proc')


def test_a_full_disk_is_named_and_leaves_no_half_file(inferencer, tmp_path, monkeypatch):
    def full(path, **arrays):
        path.write_bytes(b'PK')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, 'savez', full)
    keypoints = keypoints_of(tmp_path, name='0')
    with pytest.raises(OSError, match='No space left on device'):
        inferencer(PIXELS, keypoints=keypoints, out_dir=tmp_path / 'out')
    assert list((tmp_path / 'out').iterdir()) == []


def test_the_summary_is_whole_or_not_there(inferencer, tmp_path, monkeypatch):
    def full(content, path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(inference_report, 'dump_json', full)
    with pytest.raises(OSError, match='No space left'):
        inferencer(PIXELS, keypoints=keypoints_of(tmp_path, name='0'), out_dir=tmp_path / 'out')
    assert not (tmp_path / 'out' / 'summary.json').exists()
    monkeypatch.undo()
    inferencer(PIXELS, keypoints=keypoints_of(tmp_path, name='0'), out_dir=tmp_path / 'out')
    assert json.loads((tmp_path / 'out' / 'summary.json').read_text())['problems'] == []


def test_many_people_at_one_place_all_get_a_mesh(inferencer, tmp_path):
    person = keypoints_of(tmp_path).images[0].persons[0]
    keypoints = KeypointFile(tmp_path / 'k.json', (ImageKeypoints('0', (person,) * 11),))
    report = inferencer(PIXELS, keypoints=keypoints, batch_size=4)
    assert report.num_persons == 11
