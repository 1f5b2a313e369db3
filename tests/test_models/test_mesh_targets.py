import pytest
import torch

from dpmesh_plugin.models.heads import MeshTargets


def _targets(samples):
    return MeshTargets.from_samples(samples, input_size=256, device=torch.device('cpu'))


def test_image_joints_by_hand(make_samples):
    (sample,) = make_samples(1)
    sample.gt_instances.keypoints_2d[0, 0] = torch.tensor([128.0, 64.0])
    sample.gt_instances.keypoints_3d[0, 0] = torch.tensor([9.0, 9.0, 0.25])
    targets = _targets([sample])
    assert targets.image_joints[0, 0].tolist() == [32, 16, 40]
    assert targets.image_joints_valid[0, 0].tolist() == [1, 1, 1]


def test_joint_outside_the_crop_stays_a_target_in_the_camera(make_samples):
    (sample,) = make_samples(1)
    sample.gt_instances.keypoints_2d[0, 0] = torch.tensor([256.0, 64.0])
    targets = _targets([sample])
    assert targets.image_joints_valid[0, 0].tolist() == [0, 0, 0]
    assert targets.joints_valid[0, 0].item() == 1


@pytest.mark.parametrize(('known', 'expected'), [(1, [0, 0, 0]), (0, [1, 1, 0])])
def test_depth_counts_only_where_it_is_known(make_samples, known, expected):
    (sample,) = make_samples(1)
    sample.gt_instances.keypoints_2d[0, 0] = torch.tensor([128.0, 64.0])
    sample.gt_instances.keypoints_3d[0, 0, 2] = 1.5
    sample.gt_instances.keypoints_3d_valid[0, 0] = known
    assert _targets([sample]).image_joints_valid[0, 0].tolist() == expected


def test_a_sample_without_fit_has_no_target_of_the_body(make_samples):
    samples = make_samples(2)
    samples[1].gt_instances.smpl_valid[:] = 0
    targets = _targets(samples)
    for valid in (targets.fit_image_joints_valid, targets.pose_valid, targets.betas_valid):
        assert valid[0].max() == 1
        assert valid[1].max() == 0
    assert targets.pose.shape == (2, 24, 3)


def test_missing_field_is_named(make_samples):
    samples = make_samples(2)
    del samples[1].gt_instances.pose_valid
    with pytest.raises(KeyError, match='sample 1 of the batch has no gt_instances.pose_valid'):
        _targets(samples)
