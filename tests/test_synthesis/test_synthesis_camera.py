import numpy as np

from dpmesh_plugin.rendering import Mesh, render_depth
from dpmesh_plugin.synthesis.camera import Camera, camera_rotation, sample_camera


def make_camera(pitch: float = 0.0) -> Camera:
    return Camera(size=101, focal=100.0, rotation=camera_rotation(pitch, 0.0), height=1.5)


def test_world_to_camera_convention():
    camera = make_camera()
    point = camera.to_camera(np.array([[0.2, 0.0, -3.0]]))
    np.testing.assert_allclose(point, [[0.2, 1.5, 3.0]], atol=1e-12)
    np.testing.assert_allclose(camera.project(point), [[50 + 20 / 3, 100]])


def test_a_positive_pitch_looks_down():
    camera = make_camera(20)
    level = camera.to_camera(np.array([[0.0, 1.5, -3.0]]))
    assert camera.project(level)[0, 1] < 50
    np.testing.assert_allclose(camera.to_world(level), [[0, 1.5, -3]], atol=1e-12)


def test_rays_meet_what_the_renderer_draws():
    camera = make_camera(25)
    floor = np.array([[x, 0.0, z] for x in (-30, 30) for z in (-0.5, -60)])
    mesh = Mesh(camera.to_camera(floor), np.array([[0, 1, 2], [1, 3, 2]]))
    drawn = render_depth([mesh], camera.intrinsics, (101, 101))
    depth = -camera.height / camera.rays()[1]
    row, column = 90, 20
    np.testing.assert_allclose(drawn[row, column], depth[row, column], rtol=1e-4)


def test_sampled_cameras_vary():
    cameras = [sample_camera(np.random.default_rng(seed), 256) for seed in range(20)]
    assert len({camera.focal for camera in cameras}) == 20
    assert all(200 < camera.focal < 520 for camera in cameras)
