import numpy as np
import pytest

from dpmesh_plugin.rendering import Stage, view_bodies, view_body
from dpmesh_plugin.rendering.views import _turn

# A cuboid 0.4 m wide (x), 1 m high (y), 0.2 m deep (z) around the origin, faces outward.
BOX = np.array([[x, y, z] for z in (-0.1, 0.1) for y in (-0.5, 0.5) for x in (-0.2, 0.2)], 'f4')
BOX_FACES = np.array(
    [
        *([0, 3, 1], [0, 2, 3], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4]),
        *([2, 7, 3], [2, 6, 7], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]),
    ]
)


@pytest.mark.parametrize(
    ('yaw', 'pitch', 'ratio'),
    [(0, 0, 0.4), (90, 0, 0.2), (180, 0, 0.4), (0, 90, 2), (90, 90, 0.5)],
)
def test_view_body_turns_and_fits(yaw, pitch, ratio):
    picture = view_body(BOX + 7, BOX_FACES, size=(120, 150), yaw=yaw, pitch=pitch)
    rows, columns = np.nonzero((picture < 250).any(axis=2))
    extent = np.array([np.ptp(columns) + 1, np.ptp(rows) + 1])
    assert extent[0] / extent[1] == pytest.approx(ratio, rel=0.12)
    assert 0.8 < (extent / [120, 150]).max() < 0.96
    assert abs(columns.mean() - 59.5) < 1
    assert abs(rows.mean() - 74.5) < 1


def test_at_90_degrees_the_front_is_to_the_right_or_seen_from_above_at_the_bottom():
    # A nose of 0.5 m in front of the box, towards the camera (-z).
    nose = np.array([[0.1, 0, -0.1], [0, 0.1, -0.1], [0, 0, -0.6]], np.float32)
    vertices, faces = np.concatenate([BOX, nose]), np.concatenate([BOX_FACES, [[8, 9, 10]]])
    side = (view_body(vertices, faces, size=(100, 100), yaw=90) < 250).any(axis=2).sum(axis=0)
    above = (view_body(vertices, faces, size=(100, 100), pitch=90) < 250).any(axis=2).sum(axis=1)
    for extent in (side[side > 0], above[above > 0]):
        assert extent[1] > 40
        assert extent[-2] < 10


def test_bodies_keep_their_places_and_colours():
    left, right = BOX + np.float32([-1, 0, 3]), BOX + np.float32([1, 0, 5])
    red, green = np.float32([1, 0, 0]), np.float32([0, 1, 0])
    front = view_bodies([left, right], BOX_FACES, size=(100, 60), colors=[red, green])
    assert front[30, 10:30, 0].max() > 150 > front[30, 10:30, 1].min()
    assert front[30, 10:30, 1].min() == 0 == front[30, 70:90, 0].min()
    above = view_bodies([left, right], BOX_FACES, size=(100, 100), pitch=90, colors=[red, green])
    # From above, what is nearer to the camera is further down.
    nearer = np.nonzero(above[..., 1] == 0)[0].mean()
    farther = np.nonzero(above[..., 0] == 0)[0].mean()
    assert nearer > farther + 40


def test_a_stage_keeps_the_scale_from_every_side():
    stage = Stage.around([BOX, BOX + np.float32([0.6, 0, 0])])
    np.testing.assert_allclose(stage.center, [0.3, 0, 0], atol=1e-6)
    radius = np.hypot(0.5, 0.1)
    np.testing.assert_allclose(stage.rings, [[radius, -0.5, 0.5]] * 2, rtol=1e-3)
    heights = []
    for yaw in (0, 45, 90, 200):
        picture = view_bodies([BOX], BOX_FACES, size=(120, 120), yaw=yaw, stage=stage)
        rows, columns = np.nonzero((picture < 250).any(axis=2))
        heights.append(np.ptp(rows))
        assert columns.min() > 2
        assert columns.max() < 117
    assert np.ptp(heights) <= 6
    assert view_bodies([], BOX_FACES, size=(20, 20), stage=stage).min() == 255
    low, high = stage.bounds(90)
    np.testing.assert_allclose(high, [radius, radius, 0.5], rtol=1e-3)
    np.testing.assert_allclose(low, -high, rtol=1e-3)


def test_a_stage_bounds_what_its_bodies_cover_from_every_side():
    bodies = [BOX + np.float32(place) for place in ([-4, 0, 9], [3, 1, 4], [0, -0.5, 5])]
    stage = Stage.around(bodies)
    points = np.concatenate(bodies) - stage.center
    turns = [_turn(yaw, 12) for yaw in range(0, 360, 3)]
    turned = np.concatenate([points @ turn.T for turn in turns])
    low, high = stage.bounds(12)
    # Of a body alone the highest point is taken to be also the one that is farthest off.
    np.testing.assert_allclose(low, turned.min(axis=0), atol=0.08)
    np.testing.assert_allclose(high, turned.max(axis=0), atol=0.08)
    assert (low < turned.min(axis=0) + 1e-5).all()
    assert (high > turned.max(axis=0) - 1e-5).all()


@pytest.mark.parametrize(
    ('apart', 'size'), [(1, (100, 100)), (6, (200, 100)), (20, (300, 100)), (90, (300, 100))]
)
def test_a_picture_grows_where_people_stand_apart(apart, size):
    bodies = [BOX, BOX + np.float32([apart, 0, 0])]
    stage = Stage.around(bodies)
    shapes = []
    for yaw in (0, 30, 90):
        picture = view_bodies(
            bodies, BOX_FACES, size=(100, 100), yaw=yaw, stage=stage, largest=(300, 200)
        )
        shapes.append(picture.shape)
        rows, _ = np.nonzero((picture < 250).any(axis=2))
        if apart == 6:
            # A metre is 100 / 3.5 px at the nearest point of the stage, a little less behind it.
            assert 24 < np.ptp(rows) + 1 <= 30
    assert len(set(shapes)) == 1
    assert shapes[0][1::-1] == pytest.approx(size, abs=17)
    fixed = view_bodies(bodies, BOX_FACES, size=(100, 100), stage=stage)
    assert fixed.shape == (100, 100, 3)


def test_nothing_to_look_at_is_named():
    with pytest.raises(ValueError, match='expected bodies to look at, got none'):
        view_bodies([], BOX_FACES, size=(20, 20))
