import numpy as np
import pytest

from dpmesh_plugin.rendering import Stage
from dpmesh_plugin.visualization import body_views, turntable

# Four corners of a plate 2 m wide, 1 m high and 0.1 m deep.
PLATE = np.array([[-1, -0.5, 0], [1, -0.5, 0.1], [1, 0.5, 0], [-1, 0.5, 0.1]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3]])


def _drawn(picture):
    return (picture < 250).any(axis=2)


def test_one_body_has_one_row_of_three_views():
    sheet = body_views([PLATE], FACES, names=['person 1'], panel_size=80)
    assert sheet.shape == (80 + 22 + 12, 3 * 86 + 6, 3)
    front, side, top = (_drawn(sheet[28:108, 6 + 86 * i : 86 + 86 * i]) for i in range(3))
    assert np.ptp(np.nonzero(front)[1]) > 60
    assert np.ptp(np.nonzero(side)[1]) < 15
    assert np.ptp(np.nonzero(top)[0]) < 15


def test_several_bodies_have_a_row_together_and_one_each():
    names = ['person 1', 'person 2']
    sheet = body_views([PLATE, PLATE + 0.5], FACES, names=names, panel_size=50)
    assert sheet.shape == (3 * (72 + 6) + 6, 3 * 56 + 6, 3)
    with pytest.raises(ValueError, match='expected bodies to look at, got none'):
        body_views([], FACES, names=[])


def test_views_of_people_who_stand_apart_are_larger():
    bodies = [PLATE, PLATE + np.float32([9, 0, 0])]
    sheet = body_views(bodies, FACES, names=['person 1', 'person 2'], panel_size=50)
    # Front, side and top of both: 162, 50 and 162 px wide of 50 px height, in two rows or three.
    assert sheet.shape == (5 * (72 + 6) + 6, 162 + 2 * 6, 3)
    front = _drawn(sheet[28:78, 6:168])
    # 2 m of 11 m, which fill 0.88 of 162 px.
    assert front[:, :60].any(axis=0).sum() == pytest.approx(162 * 0.88 * 2 / 11, abs=3)


def test_the_table_turns_and_a_person_keeps_its_colour():
    scenes = [{0: PLATE, 3: PLATE + 2}, {3: PLATE + 2}, {}]
    stage = Stage.around([PLATE, PLATE + 2])
    options = {'stage': stage, 'degrees_per_frame': 90, 'size': (60, 50), 'largest': (60, 50)}
    pictures = list(turntable(scenes, FACES, **options))
    assert [picture.shape for picture in pictures] == 3 * [(50, 60, 3)]
    assert not _drawn(pictures[2]).any()
    alone = pictures[1][_drawn(pictures[1])].mean(axis=0)
    # Palette colour 3 is a rose: more red than blue than green.
    assert alone[0] > alone[2] > alone[1]
