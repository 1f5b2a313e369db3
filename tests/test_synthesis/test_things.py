import numpy as np
import pytest

from dpmesh_plugin.synthesis.meshes import MeshBuilder
from dpmesh_plugin.synthesis.things import BULKY, CARRIED, HANGING, STANDING

GREY = np.full(3, 0.5)


def volume(thing) -> float:
    a, b, c = thing.vertices[thing.faces].transpose(1, 0, 2)
    return float(np.einsum('fc,fc->', a, np.cross(b, c)) / 6)


def test_solids_are_closed_and_turned_outwards():
    box, tube, ball, ring = (MeshBuilder() for _ in range(4))
    box.box((5, 1, 2), (1, 2, 3), GREY, bands=np.stack([GREY, GREY]))
    tube.tube((0, 0, 0), (1, 2, 2), (0.5, 0.5), GREY, sides=64)
    ball.ball((1, 1, 1), (1, 1, 1), GREY)
    ring.ring((0, 0, 0), 1.0, 0.1, GREY)
    assert volume(box.build()) == pytest.approx(6)
    assert volume(tube.build()) == pytest.approx(np.pi * 0.25 * 3, rel=0.01)
    assert 3.4 < volume(ball.build()) < 4 / 3 * np.pi
    assert volume(ring.build()) == pytest.approx(2 * np.pi * np.pi * 0.01, rel=0.3)


def test_moving_turns_about_y_first():
    builder = MeshBuilder()
    builder.box((1, 0, 0), (0.1, 0.1, 0.1), GREY)
    moved = builder.build().moved(np.array([0, 2, 0]), 90)
    np.testing.assert_allclose(moved.vertices.mean(0), [0, 2, -1], atol=1e-12)


@pytest.mark.parametrize('name', [*STANDING, *HANGING, *CARRIED])
def test_things_are_whole(name):
    kinds = STANDING | HANGING | CARRIED
    for seed in range(4):
        thing = kinds[name](np.random.default_rng(seed))
        assert np.isfinite(thing.vertices).all()
        assert thing.colors.shape == thing.vertices.shape
        assert ((thing.colors >= 0) & (thing.colors <= 1)).all()
        assert 0 <= thing.faces.min() <= thing.faces.max() < len(thing.vertices)
        if name in STANDING:
            assert -0.35 < thing.vertices[:, 1].min() < 0.1


def test_bulky_things_stand():
    assert set(BULKY) < set(STANDING)
