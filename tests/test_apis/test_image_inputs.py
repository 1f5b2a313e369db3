from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from dpmesh_plugin.apis.image_inputs import open_images, read_photo, split_inputs
from dpmesh_plugin.apis.image_job import Camera
from dpmesh_plugin.apis.keypoint_files import KeypointFile
from dpmesh_plugin.apis.person import ImageKeypoints

PIXELS = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)


def _touch(folder, *names):
    for name in names:
        (folder / name).touch()


def test_folders_patterns_lists_videos_and_arrays_are_told_apart(tmp_path):
    _touch(tmp_path, 'b.jpg', 'a.PNG', 'clip.mp4', 'notes.txt')
    a, b, clip = (tmp_path / name for name in ('a.PNG', 'b.jpg', 'clip.mp4'))
    assert split_inputs(tmp_path)[:2] == ({a: None, b: None}, [])
    assert split_inputs(str(tmp_path / '*.jpg')) == ({b: None}, [], [])
    assert split_inputs([str(clip), tmp_path, clip])[:2] == ({a: None, b: None}, [clip])
    # One of a list that is missing is reported later; the rest goes on.
    assert split_inputs(['b.jpg', Path('a.jpg')]) == (
        {Path('b.jpg'): None, Path('a.jpg'): None},
        [],
        [],
    )
    images, _, _ = split_inputs([PIXELS, PIXELS])
    assert [str(path) for path in images] == ['000000', '000001']
    assert split_inputs(PIXELS)[0][Path('000000')] is PIXELS


def test_what_of_a_folder_is_not_taken_is_said(tmp_path):
    _touch(tmp_path, 'a.jpg', 'b.gif', 'clip.mp4', '.hidden', *(f'{n}.txt' for n in range(7)))
    for name in ('deeper', 'folder.jpg'):
        (tmp_path / name).mkdir()
    images, videos, (left_out,) = split_inputs(tmp_path)
    assert (list(images), videos) == ([tmp_path / 'a.jpg', tmp_path / 'b.gif'], [])
    assert left_out.image == str(tmp_path)
    folders, clips, others = left_out.message.split('; ')
    assert folders.startswith('not taken: folders deeper, folder.jpg (give them by name, or')
    assert f"'{tmp_path}/**/*.jpg'" in folders
    assert clips == 'videos clip.mp4 (give them by name)'
    assert others.startswith('other files 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more (images end')
    (tmp_path / 'deeper' / 'c.jpg').touch()
    assert split_inputs(tmp_path / 'deeper')[2] == []


def test_nothing_at_all_stops_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'has no image; looked for \.jpg'):
        split_inputs(tmp_path)
    with pytest.raises(FileNotFoundError, match=r'folder or a pattern, found none at .*\*\.jpg'):
        split_inputs([tmp_path / '*.jpg'])
    (tmp_path / 'deeper').mkdir()
    with pytest.raises(FileNotFoundError, match=r'looked for \.jpg.*, found folders deeper \(give'):
        split_inputs(tmp_path)
    with pytest.raises(ValueError, match='got an empty list'):
        split_inputs([])


@pytest.mark.parametrize(
    'pixels',
    [PIXELS[..., 0], PIXELS.astype(np.uint16) * 256, np.dstack([PIXELS, PIXELS[..., :1]])],
    ids=['grey', '16-bit', 'rgba'],
)
def test_every_kind_of_pixel_becomes_rgb_of_8_bits(pixels, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), pixels)
    image = read_photo(tmp_path / 'a.png', apply_exif=False)
    expected = np.dstack([pixels] * 3) if pixels.ndim == 2 else PIXELS[..., ::-1]
    np.testing.assert_array_equal(image, expected)
    assert image.dtype == np.uint8


@pytest.mark.parametrize('orientation', range(1, 9))
def test_images_are_turned_by_their_tag_only_if_asked(orientation, tmp_path):
    path = tmp_path / 'a.png'
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PIXELS).save(path, exif=exif)
    np.testing.assert_array_equal(read_photo(path, apply_exif=False), PIXELS)
    turned = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(read_photo(path, apply_exif=True), turned)


@pytest.mark.parametrize(('apply_exif', 'noted'), [(None, ['6', '3']), (False, []), (True, [])])
def test_a_tag_is_noted_unless_it_was_said_what_to_do(apply_exif, noted, tmp_path):
    paths = {tmp_path / f'{tag}.png': None for tag in (6, 1, 3, 9)}
    for path in paths:
        exif = Image.Exif()
        exif[0x0112] = int(path.stem)
        Image.fromarray(PIXELS).save(path, exif=exif)
    images = {**paths, Path('000000'): PIXELS}
    keypoints = KeypointFile(Path('k.json'), tuple(ImageKeypoints(p.stem, ()) for p in images))
    notes = []
    jobs = list(open_images(images, keypoints, Camera(), [], notes, apply_exif=apply_exif))
    assert len(jobs) == 5
    assert [Path(note.image).stem for note in notes] == noted
    for note, tag in zip(notes, noted, strict=True):
        assert f'carries orientation tag {tag} and is read as stored' in note.message
        assert 'say --apply-exif, else --no-apply-exif' in note.message


@pytest.mark.parametrize('damaged', [b'Exif\0\0MM', b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01'])
@pytest.mark.filterwarnings('error')
def test_a_damaged_tag_is_none(damaged, tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / 'a.png', exif=damaged)
    keypoints = KeypointFile(Path('k.json'), (ImageKeypoints('a', ()),))
    problems, notes = [], []
    images = {tmp_path / 'a.png': None}
    assert (
        len(list(open_images(images, keypoints, Camera(), problems, notes, apply_exif=None))) == 1
    )
    assert notes == []
    np.testing.assert_array_equal(read_photo(tmp_path / 'a.png', apply_exif=True), PIXELS)


def test_an_image_with_too_many_pixels_is_refused_in_words(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), PIXELS)
    content = bytearray(path.read_bytes())
    content[16:24] = (2**16).to_bytes(4, 'big') * 2
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.png'):
        read_photo(path, apply_exif=False)


def test_arrays_and_sizes_are_checked():
    entries = tuple(ImageKeypoints(str(n), (), size=(4, 6)) for n in range(2))
    problems = []
    images = {Path('000000'): PIXELS, Path('000001'): PIXELS[..., 0]}
    keypoints = KeypointFile(Path('k.json'), entries)
    assert list(open_images(images, keypoints, Camera(), problems, [], apply_exif=False)) == []
    assert 'file says (4, 6)' in str(problems[0])
    assert 'maybe it is turned: --apply-exif' in str(problems[0])
    assert 'expected an RGB image (H, W, 3) uint8, got uint8 (4, 6)' in str(problems[1])


def test_cameras_are_checked():
    matrix = [[500, 0, 10], [0, 510, 20], [0, 0, 1]]
    np.testing.assert_array_equal(Camera(None, matrix).matrix((6, 4)), matrix)
    np.testing.assert_allclose(Camera(30.0).matrix((6, 4)), [[30, 0, 3], [0, 30, 2], [0, 0, 1]])
    # 2 atan(1000 / (2 f)) is 120 degrees at f = 500 / tan(60 degrees) = 288.7
    assert Camera(288.0).doubt((600, 1000)) is not None
    assert Camera(289.0).doubt((600, 1000)) is None
    with pytest.raises(ValueError, match='not both'):
        Camera(30.0, matrix)
    with pytest.raises(ValueError, match='above 0 px, got -1'):
        Camera(-1.0)
    with pytest.raises(ValueError, match='fx, fy > 0'):
        Camera(None, [[0, 0, 1], [0, 1, 1], [0, 0, 1]])
