import numpy as np

from dpmesh_plugin.converters.datasets import Person
from dpmesh_plugin.converters.datasets.bodies import (
    RestPelvis,
    drop_bad_fits,
    into_camera,
    translation_from_image,
)


def test_body_in_the_camera_is_the_moved_body(body_model, fit, camera, joints_of, look):
    pelvis = RestPelvis(body_model)(fit['shape'])
    pose, trans = into_camera(
        fit['pose'], fit['trans'], pelvis, camera['rotation'], camera['translation']
    )
    seen = joints_of({**fit, 'pose': pose, 'trans': trans}, 'smpl_24')
    expected, _ = look(joints_of(fit, 'smpl_24'), camera)
    np.testing.assert_allclose(seen, expected, atol=1e-5)


def test_translation_is_found_from_the_image():
    rng = np.random.default_rng(0)
    joints, truth = rng.normal(0, 0.4, (24, 3)), np.array([0.3, -0.2, 5.0])
    focal, centre = np.array([900.0, 910.0]), np.array([500.0, 400.0])
    seen = joints + truth
    pixels = seen[:, :2] / seen[:, 2:] * focal + centre
    np.testing.assert_allclose(translation_from_image(joints, pixels, focal, centre), truth)


def test_fits_farther_than_25_mm_are_dropped(body_model, fit, joints_of):
    joints = joints_of(fit, 'h36m_17')
    bent = joints.copy()
    bent[16] += [0.5, 0, 0]  # 0.5 m on one of 17 joints: 55 mm after alignment of the means
    moved = joints + np.array([1, 2, 3])
    people = [
        Person(index, 0, [0, 0, 1, 1], np.zeros((17, 3)), table, dict(fit))
        for index, table in enumerate((joints, bent, moved))
    ]
    assert drop_bad_fits(people, body_model, 'h36m_17') == 1
    assert [person.smpl is None for person in people] == [False, True, False]
    assert drop_bad_fits([people[1]], body_model, 'h36m_17') == 0
