import cv2
import numpy as np
import pytest

from dpmesh_plugin.rendering import Canvas, Mesh, backends, render, render_depth, scale_intrinsics

K = np.array([[100, 0, 50], [0, 100, 40], [0, 0, 1]], np.float64)
SIZE = (96, 80)
QUAD = np.array([[0, 1, 2], [0, 2, 3]])
BACKENDS = ['opencv', 'numpy']


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Both rasterisers: the one of this OpenCV, and the one an older OpenCV gets."""
    if request.param == 'numpy':
        monkeypatch.delattr(cv2, 'triangleRasterize', raising=False)
    elif not hasattr(cv2, 'triangleRasterize'):
        pytest.skip('this OpenCV has no triangleRasterize')
    return request.param


def rectangle(left, top, right, bottom, depth, color=None):
    """A rectangle whose edges are at the pixel coordinates given, facing the camera ``K``."""
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    points = (corners - K[:2, 2]) * depth / 100
    vertices = np.column_stack([points, np.full(4, depth)]).astype(np.float32)
    colors = None if color is None else np.tile(np.float32(color), (4, 1))
    return Mesh(vertices, QUAD, colors)


def ball(center=(0, 0, 3), radius=0.8, steps=40):
    around, down = np.meshgrid(np.arange(2 * steps), np.arange(steps + 1))
    theta, phi = down * np.pi / steps, around * np.pi / steps
    unit = np.stack([np.cos(phi) * np.sin(theta), np.cos(theta), np.sin(phi) * np.sin(theta)], -1)
    vertices = (unit.reshape(-1, 3) * radius + center).astype(np.float32)
    a = (np.arange(steps)[:, None] * 2 * steps + np.arange(2 * steps)).ravel()
    b = (np.arange(steps)[:, None] * 2 * steps + np.roll(np.arange(2 * steps), -1)).ravel()
    faces = np.concatenate(
        [np.stack([a, b, a + 2 * steps], 1), np.stack([b, b + 2 * steps, a + 2 * steps], 1)]
    )
    return Mesh(vertices, faces, (unit.reshape(-1, 3) / 2 + 0.5).astype(np.float32))


def test_capability_selects_the_backend(backend):
    chosen = {'opencv': backends.draw_opencv, 'numpy': backends.draw_numpy}
    assert backends.select_backend() is chosen[backend]


def test_a_rectangle_covers_exactly_the_pixels_whose_centres_it_holds(backend):
    mesh = rectangle(9.5, 19.6, 30.4, 33.5, depth=2, color=(0.2, 0.4, 0.6))
    output = render([mesh], K, SIZE)
    expected = np.zeros((80, 96), bool)
    expected[20:34, 10:31] = True
    np.testing.assert_array_equal(output.index == 0, expected)
    np.testing.assert_array_equal(output.index == -1, ~expected)
    np.testing.assert_allclose(output.depth[expected], 2, atol=1e-5)
    assert np.isinf(output.depth[~expected]).all()
    np.testing.assert_allclose(output.color[expected], [(0.2, 0.4, 0.6)] * 294, atol=1e-5)
    assert (output.color[~expected] == 0).all()
    assert [output.color.dtype, output.depth.dtype, output.index.dtype] == ['f4', 'f4', 'i2']


def test_depth_and_colour_of_a_slanted_plane_are_perspective_correct(backend):
    # The plane z = 2 + 0.5 x, hit by the ray of column u at z = 2 / (1 - 0.5 (u - 50) / 100).
    x, y = np.array([-0.6, 0.6, 0.6, -0.6]), np.array([-0.3, -0.3, 0.3, 0.3])
    vertices = np.stack([x, y, 2 + 0.5 * x], axis=1).astype(np.float32)
    colors = np.repeat((x[:, None] + 0.6) / 1.2, 3, axis=1).astype(np.float32)
    output = render([Mesh(vertices, QUAD, colors)], K, SIZE)
    slope = (np.arange(30, 70) - 50) / 100
    depth = 2 / (1 - 0.5 * slope)
    np.testing.assert_allclose(output.depth[40, 30:70], depth, atol=2e-5)
    np.testing.assert_allclose(
        output.color[40, 30:70, 0], (depth * slope + 0.6) / 1.2, rtol=0, atol=1e-4
    )


def test_the_nearer_mesh_is_seen_whatever_the_order(backend):
    near = rectangle(20.5, 20.5, 40.5, 40.5, depth=2, color=(1, 0, 0))
    far = rectangle(10.5, 10.5, 60.5, 60.5, depth=3, color=(0, 1, 0))
    first, second = render([near, far], K, SIZE), render([far, near], K, SIZE)
    np.testing.assert_array_equal(first.color, second.color)
    np.testing.assert_array_equal(first.depth, second.depth)
    assert (first.index[30, 30], first.index[50, 50], first.index[5, 5]) == (0, 1, -1)
    assert (second.index[30, 30], second.index[50, 50]) == (1, 0)


def test_a_canvas_shows_the_depth_between_two_drawings(backend):
    canvas = Canvas(SIZE, K, background=(0.5, 0.5, 0.5))
    assert canvas.draw(rectangle(10.5, 10.5, 60.5, 60.5, depth=3, color=(0, 1, 0))) == 0
    own = canvas.depth()
    assert canvas.draw(rectangle(20.5, 20.5, 40.5, 40.5, depth=2)) == 1
    assert own[30, 30] == pytest.approx(3, abs=1e-5)
    assert canvas.depth()[30, 30] == pytest.approx(2, abs=1e-5)
    assert canvas.index[30, 30] == 1
    # Without colours only depth and index change.
    np.testing.assert_allclose(canvas.color[30, 30], (0, 1, 0), atol=1e-5)
    np.testing.assert_allclose(canvas.color[5, 5], 0.5)


@pytest.mark.filterwarnings('error')
def test_faces_behind_and_through_the_camera_are_safe(backend):
    # A floor 1 m below the camera, from 5 m behind it to 5 m in front; one face fully behind.
    vertices = np.array(
        [[-9, 1, -5], [9, 1, -5], [9, 1, 5], [-9, 1, 5], [0, 0, -1], [1, 0, -1], [0, 1, 0]],
        np.float32,
    )
    mesh = Mesh(vertices, np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6]]), np.ones((7, 3), np.float32))
    output = render([mesh], K, SIZE)
    rows = np.arange(60, 80)
    # The far edge is at row 40 + 100 / 5; row v below it sees the floor at z = 100 / (v - 40).
    assert (output.index[:60] == -1).all()
    assert (output.index[61:] == 0).all()
    depth = np.broadcast_to(100 / (rows[1:, None] - 40), (19, 96))
    np.testing.assert_allclose(output.depth[61:], depth, rtol=1e-4)


def test_nothing_in_view_gives_the_background(backend):
    for mesh in [
        rectangle(-90, 10, -30, 40, depth=2, color=(1, 1, 1)),
        rectangle(10, 10, 30, 40, depth=-2, color=(1, 1, 1)),
        Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), int), np.zeros((0, 3), np.float32)),
    ]:
        output = render([mesh], K, SIZE, background=(0.1, 0.2, 0.3))
        assert (output.index == -1).all()
        np.testing.assert_allclose(output.color, np.broadcast_to([0.1, 0.2, 0.3], (80, 96, 3)))


def test_a_warp_folded_into_the_intrinsics_moves_the_picture(backend):
    # Mirror, quarter turn and shift: (u, v) -> (-v + 90, -u + 85).
    warp = np.array([[0, -1, 90], [-1, 0, 85], [0, 0, 1]], np.float64)
    mesh = rectangle(9.5, 19.5, 30.5, 33.5, depth=2, color=(1, 1, 1))
    output = render([mesh], warp @ K, SIZE)
    expected = np.zeros((80, 96), bool)
    expected[55:76, 57:71] = True
    np.testing.assert_array_equal(output.index == 0, expected)


def test_supersampling_averages_colour_and_keeps_the_place(backend):
    # The rectangle covers the left half of column 30.
    mesh = rectangle(9.5, 19.5, 30, 33.5, depth=2, color=(1, 1, 1))
    output = render([mesh], K, SIZE, supersample=2)
    np.testing.assert_allclose(output.color[25, [9, 10, 29, 30, 31], 0], [0, 1, 1, 0.5, 0])
    np.testing.assert_array_equal(output.index[25, [9, 10, 29, 30, 31]], [-1, 0, 0, 0, -1])
    assert output.depth[25, 30] == pytest.approx(2, abs=1e-5)
    assert output.depth.shape == (80, 96)


def test_supersampling_keeps_the_background():
    background = np.random.default_rng(0).random((80, 96, 3), np.float32)
    np.testing.assert_allclose(render([], K, SIZE, background, 3).color, background, atol=1e-6)


def test_both_backends_agree(monkeypatch):
    if not hasattr(cv2, 'triangleRasterize'):
        pytest.skip('this OpenCV has no triangleRasterize')
    meshes = [ball(), ball(center=(0.5, 0.3, 2.5), radius=0.4), ball(center=(-1, 0, 4))]
    intrinsics = scale_intrinsics(K, 3)
    fast = render(meshes, intrinsics, (288, 240))
    monkeypatch.delattr(cv2, 'triangleRasterize')
    plain = render(meshes, intrinsics, (288, 240))
    seen, other = fast.index >= 0, plain.index >= 0
    both = seen & other
    assert both.sum() / (seen | other).sum() > 0.995
    assert (fast.index == plain.index)[both].mean() > 0.999
    np.testing.assert_allclose(fast.depth[both], plain.depth[both], rtol=0, atol=1e-4)
    assert np.abs(fast.color - plain.color)[both].mean() < 1e-4


def test_the_depth_of_a_ball_is_that_of_the_sphere(backend):
    depth = render_depth([ball(steps=120)], K, SIZE)
    rays = np.stack(np.meshgrid(np.arange(40, 61), np.arange(30, 51)), -1) - K[:2, 2]
    rays = np.dstack([rays / 100, np.ones((21, 21))])
    square = (rays**2).sum(-1)
    expected = (3 - np.sqrt(9 - square * (9 - 0.64))) / square
    np.testing.assert_allclose(depth[30:51, 40:61], expected, atol=4e-4)


def test_scale_intrinsics_by_hand():
    np.testing.assert_allclose(scale_intrinsics(K, 2), [[200, 0, 100.5], [0, 200, 80.5], [0, 0, 1]])
    np.testing.assert_allclose(scale_intrinsics(scale_intrinsics(K, 2), 0.5), K)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'vertices': np.full((4, 3), np.nan, np.float32)}, '12 values not finite'),
        ({'vertices': np.zeros((4, 2), np.float32)}, r'expected finite vertices \(V, 3\)'),
        ({'faces': np.array([[0, 1, 4]])}, r'expected faces to name vertices 0\.\.3, got 0\.\.4'),
        ({'faces': np.array([0, 1, 2])}, r'expected faces \(F, 3\), got \(3,\)'),
        ({'colors': np.zeros((3, 3), np.float32)}, r'expected colors \(4, 3\)'),
    ],
)
def test_a_broken_mesh_is_named(change, message):
    parts = vars(rectangle(0, 0, 9, 9, 1, (0, 0, 0))) | change
    with pytest.raises(ValueError, match=message):
        render([Mesh(**parts)], K, SIZE)


def test_bad_camera_or_background_is_named():
    with pytest.raises(ValueError, match=r'last row \(0, 0, 1\)'):
        render([], np.ones((3, 3)), SIZE)
    with pytest.raises(ValueError, match='divide an 8-bit image by 255'):
        render([], K, SIZE, np.zeros((80, 96, 3), np.uint8))
    with pytest.raises(ValueError, match=r'\(80, 96, 3\), got float64 \(96, 80, 3\)'):
        render([], K, SIZE, np.zeros((96, 80, 3)))
