import numpy as np
import pytest
import torch
from mmengine.config import Config

from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.robustness import (
    StressTransform,
    Subject,
    all_stresses,
    build_data,
    choose_samples,
)
from dpmesh_plugin.robustness.catalogue import SHARES
from dpmesh_plugin.robustness.stresses import Stress, drop_keypoints


@pytest.fixture
def drop() -> Stress:
    return Stress('drop', 'share', SHARES, drop_keypoints)


def test_errors_follow_what_the_model_is_told(subject, drop):
    clean = subject.errors()
    assert set(clean.values) == {'MPJPE', 'PA-MPJPE', 'MPVPE'}
    assert clean.joints.shape == (2, 14)
    np.testing.assert_allclose(clean.values['PA-MPJPE'], 0, atol=0.1)  # scale is aligned away
    hard = subject.errors(StressTransform(drop, 0.6, 0))
    np.testing.assert_array_equal(hard.keypoints, np.rint(clean.keypoints * 0.4))
    missing, fewer = 30 - clean.keypoints, 30 - hard.keypoints
    np.testing.assert_allclose(
        hard.values['MPJPE'] / clean.values['MPJPE'], fewer / missing, rtol=1e-3
    )
    # The data set itself is as it was, and so is a second measurement.
    np.testing.assert_array_equal(subject.errors().values['MPJPE'], clean.values['MPJPE'])


def test_without_stress_the_samples_are_those_of_the_test(subject, dataset):
    plain, packed = dataset[2], subject.samples()[1]
    assert torch.equal(plain['inputs'], packed['inputs'])
    for name in ('keypoints', 'keypoints_visible'):
        assert torch.equal(plain['data_samples'].prompt[name], packed['data_samples'].prompt[name])


def test_workers_change_nothing(subject, drop):
    stress = StressTransform(drop, 0.4, 0)
    alone = subject.errors(stress)
    subject.num_workers = 1
    np.testing.assert_array_equal(subject.errors(stress).values['MPVPE'], alone.values['MPVPE'])


def test_a_pipeline_without_the_steps(synth_oc, metric):
    dataset = DATASETS.build(
        {
            'type': 'PW3DDataset',
            'data_root': str(synth_oc),
            'ann_file': 'synth_oc_test.json',
            'pipeline': [{'type': 'LoadMeshImage'}, {'type': 'CropBox'}],
        }
    )
    message = (
        'between KeypointsToPrompt and CropBox of the pipeline, which has: LoadMeshImage, Crop'
    )
    with pytest.raises(ValueError, match=message):
        Subject(model=torch.nn.Identity(), dataset=dataset, metric=metric, indices=[0])


def test_the_metric_of_meshes_is_found_among_others(synth_oc):
    part = {'type': 'PW3DDataset', 'data_root': str(synth_oc), 'ann_file': 'synth_oc_test.json'}
    loader = {'dataset': {**part, 'pipeline': []}}
    joints, mesh = (
        {'type': kind, 'body_model': {'type': 'SMPL'}}
        for kind in ('JointMetric', 'dpmesh_plugin.MeshMetric')
    )
    cfg = Config({'test_dataloader': loader, 'test_evaluator': [joints, mesh]})
    _, metric = build_data(cfg)
    assert type(metric) is MeshMetric
    with pytest.raises(ValueError, match='needs a MeshMetric in test_evaluator, got JointMetric'):
        build_data(Config({'test_dataloader': loader, 'test_evaluator': joints}))


def test_choice_of_samples():
    assert choose_samples(5, 9, 0) == [0, 1, 2, 3, 4]
    chosen = choose_samples(100, 10, 0)
    assert chosen == sorted(set(chosen)) == choose_samples(100, 10, 0)
    assert chosen != choose_samples(100, 10, 1)
    with pytest.raises(ValueError, match='at least one sample, got 0'):
        choose_samples(5, 0, 0)


def test_every_stress_can_be_measured(subject):
    small = {'number': 2, 'side': 32}
    stresses = all_stresses(
        objects={'type': 'RenderedObjects', **small}, people={'type': 'RenderedPeople', **small}
    )
    for stress in stresses.values():
        errors = subject.errors(StressTransform(stress, stress.severities[-1], 0))
        assert np.isfinite(errors.values['MPJPE']).all(), stress.name
