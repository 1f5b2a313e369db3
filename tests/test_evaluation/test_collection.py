import multiprocessing

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from torch import distributed

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.evaluation.collection import unique_rows

NUM_SAMPLES = 7  # divided by neither 2 nor 3
OPTIONS = {
    'joint_set': ['h36m_14', 'smpl_24'],
    'metrics': ['MPJPE', 'PA-MPJPE', 'MPVPE', 'PA-MPVPE', '3DPCK', 'AUC', 'ACCEL', '2DPCK'],
}


def _result(metric, samples):
    """Values and splits of some samples in this process's share."""
    metric.process(None, samples)
    return metric.evaluate(NUM_SAMPLES)


def _rank(rank, world_size, folder):
    """Evaluate in one of several processes; the first samples fill up the last share."""
    torch.set_num_threads(1)
    store = f'file://{folder}/store-{world_size}'
    distributed.init_process_group('gloo', init_method=store, rank=rank, world_size=world_size)
    samples, expected = torch.load(folder / 'samples.pth', weights_only=False)
    share = -(-len(samples) // world_size)
    padded = (samples + samples)[: share * world_size]
    metric = MeshMetric(
        body_model=SMPL(genders=('neutral', 'male', 'female')),
        collect_dir=str(folder / f'parts-{world_size}'),
        **OPTIONS,
    )
    # As a distributed sampler deals them: neighbours in time meet in no process.
    found = _result(metric, padded[rank::world_size])
    assert found == pytest.approx(expected, abs=1e-4)
    distributed.destroy_process_group()


@pytest.fixture(scope='module')
def folder(make_samples, body, tmp_path_factory):
    """Samples and what one process makes of them."""
    samples = make_samples(NUM_SAMPLES)
    expected = _result(MeshMetric(body_model=body, **OPTIONS), samples)
    assert {'ACCEL', 'smpl_24/ACCEL', '2DPCK@0.05', 'PA-MPVPE'} <= set(expected)
    path = tmp_path_factory.mktemp('ranks')
    torch.save((samples, expected), path / 'samples.pth')
    return path


@pytest.mark.parametrize('world_size', [1, 2, 3])
def test_values_are_exact_in_several_processes(world_size, folder):
    multiprocessing.get_context('forkserver').set_forkserver_preload([__name__])
    mp.start_processes(
        _rank, args=(world_size, folder), nprocs=world_size, start_method='forkserver'
    )


def _part(indices, **skipped):
    columns = {'sample_idx': np.array(indices), 'value': np.array(indices) * 10.0}
    return (columns if indices else {}, {int(k[1:]): v for k, v in skipped.items()})


def test_rows_are_ordered_and_each_comes_once(monkeypatch):
    monkeypatch.setattr('dpmesh_plugin.evaluation.collection.get_world_size', lambda: 2)
    columns, skipped = unique_rows([_part([4, 2]), _part([1, 4], _7='no image')])
    assert columns['sample_idx'].tolist() == [1, 2, 4]
    assert columns['value'].tolist() == [10, 20, 40]
    assert skipped == {7: 'no image'}


def test_a_process_may_have_no_sample():
    columns, skipped = unique_rows([_part([], _3='no image'), _part([5])])
    assert columns['sample_idx'].tolist() == [5]
    assert skipped == {3: 'no image'}
    assert unique_rows([_part([], _3='no image')])[0] == {}


def test_nothing_and_repeats_are_refused():
    with pytest.raises(ValueError, match='no sample was evaluated'):
        unique_rows([_part([])])
    with pytest.raises(ValueError, match='1 of 3 results repeat the sample_idx'):
        unique_rows([_part([1, 2]), _part([2])])
