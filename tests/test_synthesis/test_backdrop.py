import numpy as np
import pytest

from dpmesh_plugin.synthesis import textures
from dpmesh_plugin.synthesis.backdrop import blur_far, paint_backdrop, sample_texture
from dpmesh_plugin.synthesis.camera import Camera, camera_rotation
from dpmesh_plugin.synthesis.meshes import MeshBuilder
from dpmesh_plugin.synthesis.shadows import FloorShadows

CAMERA = Camera(size=96, focal=100.0, rotation=camera_rotation(15, 0), height=1.6)
NOON = np.array([0.0, 1.0, 0.0])


@pytest.fixture(scope='module')
def backdrop():
    return paint_backdrop(np.random.default_rng(0), CAMERA, 6.0)


@pytest.mark.parametrize(
    'paint',
    [
        textures.floor_texture,
        textures.ground_texture,
        textures.wall_texture,
        textures.far_view,
    ],
)
def test_textures_are_colours(paint):
    for seed in range(12):
        texture = paint(np.random.default_rng(seed))
        assert texture.shape == (textures.TEXTURE_SIDE, textures.TEXTURE_SIDE, 3)
        assert texture.dtype == np.float32
        assert 0 <= texture.min() <= texture.max() <= 1


def test_a_texture_is_mirrored_beyond_its_edges():
    texture = np.zeros((16, 16, 3), np.float32)
    texture[:, :4] = 1
    x = np.array([[0.1, 1.9, 2.1, 1.0, -0.1]], np.float32)
    seen = sample_texture(texture, x, np.full_like(x, 0.5), 1.0)[0, :, 0]
    np.testing.assert_array_equal(seen, [255, 255, 255, 0, 255])


def test_floor_points_lie_where_the_camera_sees_them(backdrop):
    row, column = 90, 30
    assert backdrop.floor[row, column]
    point = np.array([[backdrop.floor_x[row, column], 0, backdrop.floor_z[row, column]]])
    np.testing.assert_allclose(CAMERA.project(CAMERA.to_camera(point)), [[column, row]], atol=1e-3)
    assert not backdrop.floor[0].any()


def test_a_thing_darkens_the_floor_below_it(backdrop):
    builder = MeshBuilder()
    builder.box((0.3, 0.5, -3), (0.6, 0.2, 0.6), np.ones(3))
    shadows = FloorShadows(np.array([0.0, -3.0]), NOON, 0.6)
    shadows.add_thing(builder.build())
    picture = shadows.darken(backdrop, 0.02)
    below, beside = CAMERA.project(CAMERA.to_camera(np.array([[0.3, 0, -3], [-0.8, 0, -3]])))
    for spot, share in ((below, 0.4), (beside, 1.0)):
        column, row = np.rint(spot).astype(int)
        expected = share * backdrop.color[row, column] / 255
        np.testing.assert_allclose(picture[row, column], expected, atol=0.06)


def test_blur_spares_what_is_near():
    picture = np.random.default_rng(0).random((40, 40, 3), np.float32)
    distance = np.full((40, 40), 3.0, np.float32)
    distance[:20] = 30
    blurred = blur_far(picture, distance, 3.0, 2.0)
    np.testing.assert_array_equal(blurred[20:], picture[20:])
    assert blurred[:20].std() < 0.5 * picture[:20].std()
