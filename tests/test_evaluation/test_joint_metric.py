import numpy as np
import pytest
import torch

from dpmesh_plugin.evaluation import JointMetric, MeshMetric

COMMON = ('MPJPE', 'PA-MPJPE', '3DPCK', 'AUC', 'MPJPE-hidden', 'MPJPE-visible')


def _with_joints(samples, body):
    """The samples with joints of their meshes, relative to the pelvis, in the place of meshes."""
    found = []
    for sample in samples:
        vertices = sample['pred_instances']['vertices']
        joints = body.regress(vertices, 'h36m_14') - body.regress(vertices, 'h36m_17')[:, :1]
        found.append({**sample, 'pred_instances': {'joints': joints}})
    return found


def _measure(metric, samples):
    metric.dataset_meta = {'dataset_name': 'SynthOC'}
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('root', ['pelvis', 'mean_of_hips'])
def test_joints_of_a_mesh_measure_like_the_mesh(samples, body, root, tmp_path):
    files = [tmp_path / 'mesh.json', tmp_path / 'joints.json']
    by_mesh = _measure(MeshMetric(body_model=body, root=root, out_file=str(files[0])), samples)
    joints = _with_joints(samples, body)
    by_joints = _measure(JointMetric(body_model=body, root=root, out_file=str(files[1])), joints)
    for name in COMMON:
        assert by_joints[name] == pytest.approx(by_mesh[name], abs=1e-3), name
    assert set(by_joints) == set(COMMON)


def test_both_results_stand_in_one_table(samples, body, tmp_path):
    from dpmesh_plugin.evaluation.comparison import differences, read_result

    files = [tmp_path / 'mesh.json', tmp_path / 'joints.json']
    _measure(MeshMetric(body_model=body, out_file=str(files[0])), samples)
    joints = _with_joints(samples, body)
    _measure(JointMetric(body_model=body, out_file=str(files[1])), joints)
    mesh, only_joints = map(read_result, files)
    assert not differences(mesh, only_joints)
    assert only_joints.metrics.keys() < mesh.metrics.keys()


def test_a_diverged_prediction_is_named(samples, body):
    joints = _with_joints(samples, body)
    joints[1]['pred_instances']['joints'][0, 3] = torch.nan
    metric = JointMetric(body_model=body)
    metric.process(None, joints)
    assert np.isnan(metric.errors()['h36m_14/joints'][1]).all()
    assert not np.isnan(metric.errors()['h36m_14/joints'][2]).any()


def test_what_joints_cannot_give_is_refused(samples, body):
    with pytest.raises(ValueError, match=r'got metrics \[.MPVPE.\] and root .pelvis.'):
        JointMetric(body_model=body, metrics=['MPVPE'])
    with pytest.raises(ValueError, match="root 'none': MeshMetric measures meshes"):
        JointMetric(body_model=body, root='none')
    with pytest.raises(KeyError, match=r'has no pred_instances\.joints'):
        JointMetric(body_model=body).process(None, samples)
    joints = _with_joints(samples[:1], body)
    with pytest.raises(ValueError, match=r'must be \(1, 17, 3\), got \(1, 14, 3\)'):
        JointMetric(body_model=body, joint_set='h36m_17').process(None, joints)
