import json

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from dpmesh_plugin.evaluation import PROTOCOL_KEY, MeshMetric
from dpmesh_plugin.registry import METRICS
from dpmesh_plugin.structures import Visibility, get_keypoint_set

GENDERS = ('neutral', 'male', 'female')
META = {'dataset_name': 'SynthOC', 'subset': 'test', 'keypoint_source': 'openpose'}


def _evaluate(samples, body, size=None, **options):
    metric = MeshMetric(body_model=body, **options)
    metric.dataset_meta = META
    for start in range(0, len(samples), 4):
        metric.process(None, samples[start : start + 4])
    return metric.evaluate(len(samples) if size is None else size)


def test_a_perfect_prediction_has_no_error(body, samples):
    parameters = {
        key: torch.as_tensor(samples[4]['gt_instances'][key])
        for key in ('global_orient', 'body_pose', 'betas')
    }
    vertices = body(**parameters, gender=samples[4]['gender']).vertices + 2.5
    metrics = _evaluate([{**samples[4], 'pred_instances': {'vertices': vertices}}], body)
    assert max(metrics[name] for name in ('MPJPE', 'PA-MPJPE', 'MPVPE', 'PA-MPVPE')) < 1e-3
    assert metrics['3DPCK'] == 100
    # No error is below the first of 31 thresholds, 0 mm.
    assert metrics['AUC'] == pytest.approx(100 * 30 / 31)


def test_it_builds_from_a_dict_and_centres_on_the_named_root(samples, body):
    metric = METRICS.build(
        {'type': 'MeshMetric', 'body_model': {'type': 'SMPL', 'genders': GENDERS}}
    )
    metric.process(None, samples[:1])
    assert metric.errors()['h36m_14/joints'].shape == (1, 14)
    by_pelvis = _evaluate(samples, body, joint_set='smpl_24')['MPJPE']
    by_hip = _evaluate(samples, body, joint_set='smpl_24', root='left_hip')['MPJPE']
    assert by_pelvis != pytest.approx(by_hip, abs=0.1)


def test_visibility_splits_by_joint_name(samples, body):
    neck = get_keypoint_set('dpmesh_30').index('neck')
    codes = np.full((1, 30), Visibility.UNKNOWN, dtype=np.int8)
    codes[0, neck] = Visibility.OCCLUDED_BY_PERSON
    sample = {**samples[0], 'gt_instances': {**samples[0]['gt_instances'], 'visibility': codes}}
    metric = MeshMetric(body_model=body)
    metric.process(None, [sample])
    of_neck = metric.errors()['h36m_14/joints'][0, get_keypoint_set('h36m_14').index('neck')]
    metrics = metric.evaluate(1)
    assert metrics['MPJPE-hidden'] == pytest.approx(of_neck)
    assert 'MPJPE-visible' not in metrics


def test_the_result_file_states_its_protocol(samples, body, tmp_path):
    facts = {'config': 'a.py', 'checkpoint': 'b.pth', 'checkpoint_sha256': 'c', 'iteration': None}
    MessageHub.get_current_instance().update_info(PROTOCOL_KEY, facts, resumed=False)
    out_file = tmp_path / 'deep' / 'metrics.json'
    metrics = _evaluate(samples, body, size=12, out_file=str(out_file))
    MessageHub.get_current_instance().pop_info(PROTOCOL_KEY)
    result = json.loads(out_file.read_text())
    protocol = result['protocol']
    assert result['metrics'] == metrics
    assert result['unit'] == 'mm'
    assert {key: protocol[key] for key in facts} == facts
    assert protocol['dataset'] == f'SynthOC (test), measured on {body.model_id}'
    assert protocol['samples'] == {'expected': 12, 'evaluated': 10, 'skipped': 2, 'diverged': 0}
    assert (protocol['joint_set'], protocol['root']) == ('h36m_14', 'pelvis')
    assert protocol['body_model'] == body.model_id
    assert protocol['keypoint_source'] == 'openpose'
    assert protocol['versions']['torch'] == torch.__version__


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_diverged_prediction_is_named_and_spoils_the_means(
    value, samples, body, tmp_path, monkeypatch
):
    vertices = samples[3]['pred_instances']['vertices'].clone()
    vertices[0, 17, 1] = value
    broken = {**samples[3], 'pred_instances': {'vertices': vertices}}
    out_file = tmp_path / 'metrics.json'
    logged = []
    monkeypatch.setattr(
        'dpmesh_plugin.evaluation.result_log.print_log', lambda text, *_, **__: logged.append(text)
    )
    metrics = _evaluate([*samples[:3], broken, *samples[4:]], body, out_file=str(out_file))
    assert all(np.isnan(metrics[name]) for name in ('MPJPE', '3DPCK', 'AUC', 'PA-MPVPE'))
    result = json.loads(out_file.read_text())
    assert result['metrics']['PA-MPJPE'] is None
    assert result['protocol']['samples']['diverged'] == 1
    assert result['protocol']['diverged_samples'] == [3]
    assert 'not finite, so the means are not either: sample_idx 3' in logged[-1]


def test_joint_sets_stand_side_by_side(samples, body, tmp_path):
    out_file = tmp_path / 'metrics.json'
    sets = ['h36m_14', 'h36m_17', 'smpl_24']
    metrics = _evaluate(samples, body, joint_set=sets, out_file=str(out_file))
    for joint_set in sets:
        alone = _evaluate(samples, body, joint_set=joint_set)
        prefix = '' if joint_set == 'h36m_14' else f'{joint_set}/'
        for name in ('MPJPE', 'PA-MPJPE', '3DPCK', 'AUC', 'MPJPE-hidden'):
            assert metrics[f'{prefix}{name}'] == pytest.approx(alone[name], abs=1e-4)
        assert metrics['MPVPE'] == pytest.approx(alone['MPVPE'], abs=1e-4)
    result = json.loads(out_file.read_text())
    assert result['protocol']['joint_set'] == sets
    assert result['protocol']['definitions']['smpl_24/MPJPE']['joint_set'] == 'smpl_24'
    assert len(result['per_joint']['h36m_17']) == 17


def test_roots(samples, body):
    by_joint = {
        root: _evaluate(
            samples, body, joint_set='smpl_24', root=root, metrics=['MPJPE', 'PA-MPJPE']
        )
        for root in ('pelvis', 'mean_of_hips', 'none')
    }
    errors = [metrics['MPJPE'] for metrics in by_joint.values()]
    assert np.diff(sorted(errors)).min() > 0.01
    aligned = [metrics['PA-MPJPE'] for metrics in by_joint.values()]
    np.testing.assert_allclose(aligned, aligned[0], atol=1e-3)


def test_without_a_root_the_place_in_front_of_the_camera_counts(samples, body):
    sample = samples[2]
    predicted = {
        key: torch.as_tensor(sample['gt_instances'][key])
        for key in ('global_orient', 'body_pose', 'betas')
    }
    moved = {**sample['pred_instances'], 'pelvis': torch.zeros(1, 3)}
    moved['vertices'] = body(**predicted, gender=sample['gender']).vertices
    moved['transl_full'] = sample['gt_instances']['transl'] + torch.tensor([[0.03, 0, 0.04]])
    metrics = _evaluate([{**sample, 'pred_instances': moved}], body, root='none')
    assert metrics['MPJPE'] == pytest.approx(50, abs=1e-2)


def test_projected_joints(samples, body, tmp_path):
    out_file = tmp_path / 'metrics.json'
    metrics = _evaluate(samples, body, metrics=['2DPCK'], out_file=str(out_file))
    assert 0 < metrics['2DPCK@0.05'] < metrics['2DPCK@0.1'] < 100
    definition = json.loads(out_file.read_text())['protocol']['definitions']['2DPCK@0.05']
    assert (
        definition['threshold'] == '0.05 of the longer side of the tight box around the true joints'
    )
    behind = [
        {
            **s,
            'pred_instances': {**s['pred_instances'], 'transl_full': torch.tensor([[0, 0, -4.0]])},
        }
        for s in samples
    ]
    assert _evaluate(behind, body, metrics=['2DPCK'])['2DPCK@0.1'] == 0


def test_acceleration_is_null_with_a_reason_where_there_is_no_order(samples, body, tmp_path):
    out_file = tmp_path / 'metrics.json'
    metrics = _evaluate(samples, body, metrics=['MPJPE', 'ACCEL'], out_file=str(out_file))
    result = json.loads(out_file.read_text())
    # Two persons in three frames in the first sequence, two frames in the second.
    assert result['counts']['ACCEL'] == 2
    assert result['metrics']['ACCEL'] == metrics['ACCEL'] > 1
    assert result['protocol']['definitions']['ACCEL']['unit'] == 'mm/frame^2'
    loose = [{k: v for k, v in sample.items() if k != 'frame_idx'} for sample in samples]
    metrics = _evaluate(loose, body, metrics=['MPJPE', 'ACCEL'], out_file=str(out_file))
    result = json.loads(out_file.read_text())
    assert 'ACCEL' not in metrics
    assert (result['metrics']['ACCEL'], result['counts']['ACCEL']) == (None, 0)
    assert result['empty'] == {'ACCEL': 'the samples state no frame_idx'}


def test_only_what_is_asked_for_is_computed(samples, body):
    whole = _evaluate(samples, body)
    joints_only = _evaluate(samples, body, metrics=['PA-MPJPE', '3DPCK'])
    assert set(joints_only) == {'PA-MPJPE', '3DPCK'}
    assert joints_only['PA-MPJPE'] == pytest.approx(whole['PA-MPJPE'], abs=1e-3)


def test_the_size_of_batches_does_not_matter(make_samples, body):
    people = make_samples(7)
    whole = MeshMetric(body_model=body)
    whole.process(None, people)
    single = MeshMetric(body_model=body)
    for person in people:
        single.process(None, [person])
    for name, values in whole.sample_values().items():
        np.testing.assert_allclose(single.sample_values()[name], values, atol=1e-4)


def test_errors_come_in_the_order_of_the_samples(samples, body):
    metric = MeshMetric(body_model=body)
    for part in (samples[7:], samples[:2], samples[4:7]):
        metric.process(None, part)
    assert metric.sample_values()['sample_idx'].tolist() == [7, 8, 9, 0, 1, 4, 5, 6]
    metric.process(None, samples[2:4])
    assert metric.errors()['sample_idx'].tolist() == [7, 8, 9, 0, 1, 4, 5, 6, 2, 3]


def test_more_samples_than_are_measured_at_once(samples, body, monkeypatch):
    expected = _evaluate(samples, body)
    monkeypatch.setattr('dpmesh_plugin.evaluation.mesh_metric._MEASURED_AT_ONCE', 3)
    assert _evaluate(samples, body) == pytest.approx(expected, abs=1e-4)


def test_predictions_with_gradients_are_not_tracked(samples, body):
    vertices = samples[0]['pred_instances']['vertices'].clone().requires_grad_()
    metric = MeshMetric(body_model=body)
    metric.process(None, [{**samples[0], 'pred_instances': {'vertices': vertices}}])
    assert metric.evaluate(1)['MPVPE'] > 1


def test_a_metric_can_be_used_again(samples, body):
    metric = MeshMetric(body_model=body)
    for _ in range(2):
        metric.process(None, samples[:4])
        assert metric.evaluate(4)['MPJPE'] > 1
    assert metric.sample_values() == {}


def test_a_skipped_sample_is_counted_and_named_but_not_averaged(samples, body, tmp_path):
    out_file = tmp_path / 'metrics.json'
    skipped = {'sample_idx': 77, 'skipped': 'a.jpg is cut off', 'pred_instances': {}}
    metrics = _evaluate([*samples, skipped], body, out_file=str(out_file))
    assert metrics == pytest.approx(_evaluate(samples, body))
    protocol = json.loads(out_file.read_text())['protocol']
    assert protocol['samples'] == {'expected': 11, 'evaluated': 10, 'skipped': 1, 'diverged': 0}
    assert protocol['skipped_samples'] == {'77': 'a.jpg is cut off'}
    with pytest.raises(ValueError, match=r'all 1 samples were skipped.*a\.jpg is cut off'):
        _evaluate([skipped], body)


def test_a_data_set_of_another_body_model_is_refused(body):
    metric = MeshMetric(body_model=body)
    with pytest.raises(ValueError, match=rf"'smpl-1234'.*{body.model_id}.*body_model.path"):
        metric.dataset_meta = {**META, 'body_model_id': 'smpl-1234'}
    metric.dataset_meta = {**META, 'body_model_id': body.model_id}


def test_bad_input_is_named(samples, body):
    with pytest.raises(KeyError, match=r"'tail' is not in 'h36m_17'.*'mean_of_hips' or 'none'"):
        MeshMetric(body_model=body, root='tail')
    with pytest.raises(KeyError, match=r"unknown metric 'PCKh'; known: MPJPE, PA-MPJPE"):
        MeshMetric(body_model=body, metrics=['MPJPE', 'PCKh'])
    with pytest.raises(KeyError, match="unknown keypoint set 'h36m_15'"):
        MeshMetric(body_model=body, joint_set='h36m_15')
    with pytest.raises(KeyError, match=r"no regressor for 'muco_21'; it has: smpl_24"):
        MeshMetric(body_model=body, joint_set='muco_21')
    with pytest.raises(ValueError, match=r'ascending occlusion_bins, got \[0, 0.5, 0.5\]'):
        MeshMetric(body_model=body, occlusion_bins=[0, 0.5, 0.5])
    with pytest.raises(ValueError, match='at least one joint_set'):
        MeshMetric(body_model=body, joint_set=[])
    with pytest.raises(ValueError, match='no sample was evaluated'):
        MeshMetric(body_model=body).evaluate(0)
    with pytest.raises(ValueError, match='repeat the sample_idx'):
        _evaluate([*samples, samples[3]], body, size=11)
