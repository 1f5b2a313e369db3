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
    sheet = body_views([PLATE, PLATE + 3], FACES, names=names, panel_size=50)
    assert sheet.shape == (3 * (72 + 6) + 6, 3 * 56 + 6, 3)
    with pytest.raises(ValueError, match='expected bodies to look at, got none'):
        body_views([], FACES, names=[])


def test_the_table_turns_and_a_person_keeps_its_colour():
    scenes = [{0: PLATE, 3: PLATE + 2}, {3: PLATE + 2}, {}]
    stage = Stage.around([PLATE, PLATE + 2])
    pictures = list(turntable(scenes, FACES, stage=stage, degrees_per_frame=90, size=(60, 50)))
    assert [picture.shape for picture in pictures] == 3 * [(50, 60, 3)]
    assert not _drawn(pictures[2]).any()
    alone = pictures[1][_drawn(pictures[1])].mean(axis=0)
    # Palette colour 3 is a rose: more red than blue than green.
    assert alone[0] > alone[2] > alone[1]
