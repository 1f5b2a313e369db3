"""The numbers that docs/export.md states, on the 102 key poses of the generated data."""

import numpy as np
import pytest
import torch

from dpmesh_plugin.apis.exporters.person_track import PersonTrack
from dpmesh_plugin.apis.exporters.pose_correctives import pose_correctives
from dpmesh_plugin.body_models.lbs import shape_coefficients
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle
from dpmesh_plugin.synthesis.joint_angles import angles_to_matrices
from dpmesh_plugin.synthesis.key_poses.library import load_key_poses


@pytest.fixture(scope='module')
def track():
    """Every key pose as one frame of one person."""
    matrices = []
    for pose in load_key_poses().values():
        turns = angles_to_matrices(pose.angles)
        turns[0] = pose.tilt
        matrices.append(torch.from_numpy(turns))
    pose = matrix_to_axis_angle(torch.stack(matrices)).float()
    count = len(pose)
    betas, transl = torch.zeros(count, 10), torch.zeros(count, 3)
    return PersonTrack(1, np.arange(count), pose[:, 0].contiguous(), pose[:, 1:], betas, transl)


@pytest.fixture(scope='module')
def displacements(track, body):
    """What the pose adds to the body at rest (T, V, 3), m, as a body with no skinning shows it."""
    layer = body.layers['neutral']
    pose = torch.cat((track.global_orient[:, None], track.body_pose), 1)
    coefficients = shape_coefficients(track.betas, axis_angle_to_matrix(pose))[:, 11:]
    return torch.einsum('tk,kcv->tvc', coefficients, layer.directions[11:])


def _distances(targets, weights, displacements):
    """(T, V) mm."""
    shown = torch.einsum('tk,kvc->tvc', weights.float(), targets.float())
    return 1000 * (shown - displacements).norm(dim=-1)


def test_without_targets_the_skin_is_off(displacements):
    lengths = 1000 * displacements.norm(dim=-1)
    assert len(lengths) == 102
    assert lengths.mean() == pytest.approx(1.2, abs=0.1)
    assert np.percentile(lengths, 99) == pytest.approx(21, abs=1)
    assert lengths.max() == pytest.approx(67, abs=1)


def test_few_targets_hold_all_key_poses_within_a_millimetre(track, body, displacements):
    targets, weights = pose_correctives(track, body, tolerance=1e-3, limit=64)
    assert len(targets) == weights.shape[1] == pytest.approx(34, abs=2)
    assert _distances(targets, weights, displacements).max() < 1.01
    assert weights.min() > -1e-9
    assert weights.max() < 1 + 1e-9
    assert (weights[:, 0] == 1).all()


def test_the_limit_comes_before_the_tolerance(track, body, displacements):
    means = []
    for limit in (1, 8, 16):
        targets, weights = pose_correctives(track, body, tolerance=1e-3, limit=limit)
        assert len(targets) == limit
        means.append(_distances(targets, weights, displacements).mean())
    assert means[0] > means[1] > means[2]


def test_one_frame_needs_one_target(track, body, displacements):
    one = PersonTrack(1, *(value[40:41] for value in list(vars(track).values())[1:]))
    targets, weights = pose_correctives(one, body, tolerance=1e-6, limit=64)
    assert weights.tolist() == [[1.0]]
    assert _distances(targets, weights, displacements[40:41]).max() < 1e-3


def test_result_files_have_two_kinds_of_joints(track, body):
    """Joints about which limbs turn, and those regressed from the posed mesh, differ."""
    names = ('global_orient', 'body_pose', 'betas')
    output = body(**{name: getattr(track, name) for name in names})
    regressed = body.regress(output.vertices, 'smpl_24')
    distances = 1000 * (regressed - output.joints).norm(dim=-1)
    assert distances.mean() == pytest.approx(6.6, abs=0.3)
    assert distances.max() == pytest.approx(55, abs=1)
