import json

import numpy as np
import pytest

from dpmesh_plugin.evaluation.joint_regression import JointSpec
from dpmesh_plugin.evaluation.summary import summarize
from dpmesh_plugin.structures import Visibility, get_keypoint_set

SPEC = JointSpec('h36m_14', 'pelvis')
NUM = 14


@pytest.fixture
def columns():
    errors = np.array([np.full(NUM, 40.0), np.full(NUM, 100.0), np.full(NUM, 160.0)])
    errors[0, 0] = 54.0
    codes = np.full((3, NUM), Visibility.VISIBLE)
    codes[0, 0] = Visibility.OCCLUDED_BY_OBJECT
    codes[1] = Visibility.UNKNOWN
    return {
        'h36m_14/joints': errors,
        'h36m_14/aligned_joints': errors / 2,
        'h36m_14/visibility': codes,
        'vertices': np.array([50.0, 110.0, 170.0]),
        'occlusion': np.array([0.0, 0.5, 1.0]),
    }


def _summarize(columns, metrics=('MPJPE', 'PA-MPJPE', 'MPVPE', '3DPCK', 'AUC'), **options):
    return summarize(columns, specs=[SPEC], metrics=metrics, **options)


def test_means_by_hand(columns):
    summary = _summarize(columns)
    assert summary.metrics['MPJPE'] == pytest.approx((41 + 100 + 160) / 3)
    assert summary.metrics['PA-MPJPE'] == pytest.approx((41 + 100 + 160) / 6)
    assert summary.metrics['MPVPE'] == 110
    assert summary.metrics['3DPCK'] == pytest.approx(200 / 3)
    # Of 31 thresholds up to 150 mm, 22 are above 40 mm, 20 above 54 mm, 10 above 100 mm.
    curve = (13 * 22 + 20 + 14 * 10) / (3 * 14 * 31)
    assert summary.metrics['AUC'] == pytest.approx(100 * curve)
    assert summary.counts['MPJPE'] == 3


def test_split_by_cause_counts_joints(columns):
    split = _summarize(columns).by_visibility['h36m_14']
    assert split['occluded_by_object'] == {'joints': 1, 'MPJPE': 54.0, 'PA-MPJPE': 27.0}
    assert split['visible']['joints'] == 13 + 14
    assert split['visible']['MPJPE'] == pytest.approx((13 * 40 + 14 * 160) / 27)
    assert split['unknown']['joints'] == 14
    assert split['truncated'] == {'joints': 0, 'MPJPE': None, 'PA-MPJPE': None}
    assert set(split) == {kind.name.lower() for kind in Visibility}


def test_visible_and_hidden_means_are_of_samples_that_have_some(columns):
    summary = _summarize(columns)
    assert summary.metrics['MPJPE-visible'] == 100
    assert summary.metrics['MPJPE-hidden'] == 54
    assert (summary.counts['MPJPE-visible'], summary.counts['MPJPE-hidden']) == (2, 1)


def test_bins_of_occlusion(columns):
    bins = _summarize(columns, occlusion_bins=(0, 0.25, 0.5, 1)).by_occlusion
    assert {name: b['samples'] for name, b in bins.items()} == {
        '0-0.25': 1,
        '0.25-0.5': 0,
        '0.5-1': 2,
        'unknown': 0,
    }
    assert bins['0.5-1']['MPVPE'] == 140
    assert bins['0.25-0.5']['MPJPE'] is None
    columns['occlusion'][:] = np.nan
    bins = _summarize(columns).by_occlusion
    assert bins['unknown']['samples'] == 3
    assert bins['0-0.1'] == {'samples': 0} | dict.fromkeys(
        ('MPJPE', 'PA-MPJPE', 'MPVPE', '3DPCK', 'AUC')
    )


def test_per_joint(columns):
    joints = _summarize(columns).per_joint['h36m_14']
    assert list(joints) == list(get_keypoint_set('h36m_14').names)
    assert joints['right_hip'] == {
        'MPJPE': pytest.approx(314 / 3),
        'PA-MPJPE': pytest.approx(157 / 3),
    }


def test_json_has_no_nan(columns):
    for name in ('h36m_14/joints', 'h36m_14/aligned_joints', 'vertices'):
        columns[name][1] = np.nan
    summary = _summarize(columns)
    content = json.loads(json.dumps(summary.as_json(), allow_nan=False))
    assert content['metrics'] | {'MPJPE-hidden': None, 'MPJPE-visible': None} == dict.fromkeys(
        content['metrics']
    )
    assert content['by_occlusion']['0.5-0.7'] == {'samples': 1} | dict.fromkeys(
        ('MPJPE', 'PA-MPJPE', 'MPVPE', '3DPCK', 'AUC')
    )
    assert content['by_visibility']['h36m_14']['visible']['MPJPE'] > 0
