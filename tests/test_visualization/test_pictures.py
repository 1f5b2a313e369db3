import cv2
import numpy as np
import pytest

from dpmesh_plugin.visualization import contact_sheet, save_image
from dpmesh_plugin.visualization.pictures import picture_rows


def test_a_sheet_has_rows_of_centred_cells():
    images = [np.full((10, 20, 3), 1, np.uint8), np.full((6, 8, 3), 2, np.uint8)]
    sheet = contact_sheet([*images, images[0]], 2, gap=3, background=9)
    assert sheet.shape == (3 + 2 * 13, 3 + 2 * 23, 3)
    assert (sheet[3:13, 3:23] == 1).all()
    assert (sheet[5:11, 32:40] == 2).all()
    assert (sheet[16:26, 3:23] == 1).all()
    assert (sheet[16:, 23:] == 9).all()
    assert sheet.astype(int).sum() == 3 * (2 * 200 + 2 * 48 + 9 * (29 * 49 - 448))


def test_few_images_need_no_empty_columns():
    assert contact_sheet([np.zeros((4, 4, 3), np.uint8)], 5, gap=0).shape == (4, 4, 3)


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match='got 0 and 3'):
        contact_sheet([], 3)


def test_rows_of_pictures_of_different_sizes_begin_at_the_left():
    wide, small = np.full((5, 9, 3), 1, np.uint8), np.full((3, 4, 3), 2, np.uint8)
    sheet = picture_rows([[wide], [small, small]], gap=2, background=9)
    assert sheet.shape == (2 + 5 + 2 + 3 + 2, 2 + 4 + 2 + 4 + 2, 3)
    assert (sheet[2:7, 2:11] == 1).all()
    assert (sheet[9:12, 2:6] == 2).all()
    assert (sheet[9:12, 8:12] == 2).all()
    assert (sheet == 9).sum() == sheet.size - wide.size - 2 * small.size


def test_a_saved_image_keeps_its_colours(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    save_image(image, tmp_path / 'new' / 'picture.png')
    read = cv2.imread(str(tmp_path / 'new' / 'picture.png'))
    np.testing.assert_array_equal(read[..., ::-1], image)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['picture.png']


@pytest.mark.parametrize('name', ['picture', 'picture.npz'])
def test_a_name_that_is_no_picture_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r'such as overlay\.png'):
        save_image(np.zeros((2, 2, 3), np.uint8), tmp_path / name)
