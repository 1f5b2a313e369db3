import cv2
import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms.loading import LoadMeshImage, is_truncated, read_image

PICTURE = np.full((40, 60, 3), (250, 130, 10), np.uint8)  # RGB


def _write(path, picture=PICTURE) -> bytes:
    cv2.imwrite(str(path), picture[..., ::-1])
    return path.read_bytes()


@pytest.mark.parametrize('name', ['a.png', 'a.jpg'])
def test_reads_rgb(tmp_path, name):
    _write(tmp_path / name)
    results = LoadMeshImage().transform({'img_path': str(tmp_path / name), 'ori_shape': (60, 40)})
    np.testing.assert_allclose(results['img'], PICTURE, atol=3)
    assert results['ori_shape'] == (60, 40)
    assert 'skipped' not in results


def test_size_is_added_where_nothing_is_annotated(tmp_path):
    _write(tmp_path / 'a.png')
    results = LoadMeshImage().transform({'img_path': tmp_path / 'a.png', 'ori_shape': None})
    assert results['ori_shape'] == (60, 40)


def test_missing_image_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / 'none.jpg')):
        read_image(tmp_path / 'none.jpg')


@pytest.mark.parametrize('name', ['a.png', 'a.jpg'])
@pytest.mark.parametrize('share', [0.5, 0.9])
def test_cut_off_image_is_named(tmp_path, name, share):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    content = _write(tmp_path / name, noise)
    (tmp_path / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=rf'{name} is cut off after \d+ bytes'):
        read_image(tmp_path / name)


@pytest.mark.parametrize('content', [b'', b'not an image', b'\xff\xd8\xff\xe0'])
def test_unreadable_image_is_named(tmp_path, content):
    (tmp_path / 'a.jpg').write_bytes(content)
    with pytest.raises(ValueError, match='a.jpg'):
        read_image(tmp_path / 'a.jpg')


def test_thumbnail_does_not_pass_for_the_end(tmp_path):
    content = _write(tmp_path / 'a.jpg')
    thumbnail = b'\xff\xe1' + (len(content) + 2).to_bytes(2, 'big') + content
    whole = content[:2] + thumbnail + content[2:]
    assert not is_truncated(whole)
    assert not is_truncated(whole + b'appended')
    assert is_truncated(whole[:-20])
    assert is_truncated(content[:2] + thumbnail)


def test_size_that_contradicts_the_annotation_is_named(tmp_path):
    _write(tmp_path / 'a.png')
    person = {'img_path': str(tmp_path / 'a.png'), 'ori_shape': (61, 40), 'sample_idx': 9}
    message = r'a.png has \(width, height\) \(60, 40\), annotated is \(61, 40\) \(annotation 9\)'
    with pytest.raises(ValueError, match=message):
        LoadMeshImage().transform(person)


def test_skips_only_when_told(tmp_path):
    person = {'img_path': str(tmp_path / 'none.png'), 'ori_shape': (60, 40)}
    results = LoadMeshImage(on_error='skip').transform(person)
    assert 'none.png' in results['skipped']
    assert results['img'].shape == (40, 60, 3)
    assert not results['img'].any()
    with pytest.raises(ValueError, match=r"on_error \('raise', 'skip'\), got 'ignore'"):
        LoadMeshImage(on_error='ignore')
