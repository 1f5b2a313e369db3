import json

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmengine.logging import MessageHub
from mmengine.structures import InstanceData
from torch import distributed

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.evaluation import PROTOCOL_KEY, MeshMetric
from dpmesh_plugin.registry import METRICS
from dpmesh_plugin.structures import MeshDataSample, Visibility, get_keypoint_set

GENDERS = ('neutral', 'male', 'female')
NUM_DISTRIBUTED = 7  # divided by neither 2 nor 3
META = {'dataset_name': 'SynthOC', 'subset': 'test', 'keypoint_source': 'openpose'}


@pytest.fixture(scope='module')
def body():
    return SMPL(genders=GENDERS)


@pytest.fixture(scope='module')
def samples(body):
    return _samples(body)


def _samples(body):
    """Ten persons whose predictions are their own bodies in another pose."""
    random = torch.Generator().manual_seed(3)
    return [_sample(body, index, random) for index in range(10)]


def _sample(body, index, random):
    pose = torch.randn(2, 24, 3, generator=random) * 0.2
    betas = torch.randn(1, 10, generator=random)
    gender = GENDERS[index % 3]
    with torch.no_grad():
        predicted = body(
            global_orient=pose[1:, 0], body_pose=pose[1:, 1:], betas=betas, gender=gender
        )
    codes = torch.randint(0, 6, (1, 30), generator=random, dtype=torch.int8)
    sample = MeshDataSample(metainfo={'sample_idx': index, 'gender': gender, 'img_path': 'a.jpg'})
    sample.gt_instances = InstanceData(
        global_orient=pose[:1, 0].numpy(), body_pose=pose[:1, 1:], betas=betas, visibility=codes
    )
    sample.pred_instances = InstanceData(vertices=predicted.vertices)
    return sample.to_dict()


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
    assert max(metrics['MPJPE'], metrics['PA-MPJPE'], metrics['MPVPE']) < 1e-3


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


def test_a_diverged_prediction_shows_in_the_result(samples, body, tmp_path):
    vertices = samples[0]['pred_instances']['vertices'].clone()
    vertices[0, 17, 1] = float('inf')
    broken = {**samples[0], 'pred_instances': {'vertices': vertices}}
    out_file = tmp_path / 'metrics.json'
    metrics = _evaluate([broken, *samples[1:]], body, out_file=str(out_file))
    assert np.isnan(metrics['MPJPE'])
    result = json.loads(out_file.read_text())
    assert result['metrics']['PA-MPJPE'] is None
    assert result['protocol']['samples']['diverged'] == 1


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
    with pytest.raises(KeyError, match="'tail' is not in 'h36m_17'"):
        MeshMetric(body_model=body, root='tail')
    with pytest.raises(ValueError, match='no sample was evaluated'):
        MeshMetric(body_model=body).evaluate(0)
    with pytest.raises(ValueError, match='repeat the sample_idx'):
        _evaluate([*samples, samples[3]], body, size=11)
    incomplete = {k: v for k, v in samples[0]['gt_instances'].items() if k != 'betas'}
    with pytest.raises(KeyError, match=r'sample 0 \(a.jpg\) has no gt_instances.betas'):
        _evaluate([{**samples[0], 'gt_instances': incomplete}], body)


def _rank(rank, world_size, folder, expected):
    """Evaluate in one of several processes; the first samples fill up the last share."""
    torch.set_num_threads(1)
    store = f'file://{folder}/store'
    distributed.init_process_group('gloo', init_method=store, rank=rank, world_size=world_size)
    body = SMPL(genders=GENDERS)
    samples = _samples(body)[:NUM_DISTRIBUTED]
    share = -(-len(samples) // world_size)
    padded = (samples + samples)[: share * world_size]
    metric = MeshMetric(body_model=body, collect_dir=str(folder / 'parts'))
    metric.dataset_meta = META
    metric.process(None, padded[rank * share : (rank + 1) * share])
    assert metric.evaluate(len(samples)) == pytest.approx(expected, abs=1e-4)
    distributed.destroy_process_group()


@pytest.mark.parametrize('world_size', [2, 3])
def test_means_are_exact_in_several_processes(world_size, samples, body, tmp_path):
    expected = _evaluate(samples[:NUM_DISTRIBUTED], body)
    mp.spawn(_rank, args=(world_size, tmp_path, expected), nprocs=world_size)
