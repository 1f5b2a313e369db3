import numpy as np
import pytest
import torch

from dpmesh_plugin.robustness import CONDITIONS, measure_predictions, observed_curve
from dpmesh_plugin.robustness.observed import conditions_of


@pytest.fixture
def write(tmp_path, dataset, body):
    """Writes the truth as predictions, bodies half as bent, perhaps edited."""

    def run(edit=None):
        rows = [dataset.get_data_info(index) for index in range(len(dataset))][::-1]
        arrays = {
            name: np.stack([row['smpl'][name] for row in rows])
            for name in ('global_orient', 'body_pose', 'betas')
        }
        arrays['body_pose'] = arrays['body_pose'] / 2
        tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}
        joints = body.keypoints(**tensors, keypoint_set='dpmesh_30').numpy()
        arrays |= {'joints': joints - joints[:, :1]}
        arrays |= {'sample_idx': np.array([row['sample_idx'] for row in rows])}
        if edit is not None:
            edit(arrays)
        np.savez(tmp_path / 'predictions.npz', **arrays)
        return tmp_path / 'predictions.npz'

    return run


def test_errors_beside_conditions(write, dataset, metric):
    values, conditions = measure_predictions(write(), dataset, metric)
    assert set(values) == {'MPJPE', 'PA-MPJPE', 'MPVPE'}
    assert (values['MPJPE'] > 1).all()
    assert set(conditions) == set(CONDITIONS)
    last = dataset.get_data_info(len(dataset) - 1)
    assert conditions['occlusion'][0] == pytest.approx(last['occlusion'])
    assert conditions['truncated'][0] == pytest.approx((last['visibility'] == 4).mean())
    assert (conditions['keypoint_error'] < 0.1).all()


def test_conditions_by_hand(person):
    person['visibility'][:6] = 3
    person['visibility'][6:9] = 4
    person['prompt_visible'][:15] = 0
    person['prompt_known'][20:] = False
    person['prompt_visible'][20:] = 0
    person['prompt_keypoints'] += np.float32([3, 4])
    person['neighbour_boxes'] = np.array([[100, 100, 100, 200], [0, 0, 1, 1]], np.float32)
    found = conditions_of(person)
    assert found['hidden_by_object'] == pytest.approx(0.2)
    assert found['truncated'] == pytest.approx(0.1)
    assert found['missed_keypoints'] == pytest.approx(0.75)
    assert found['keypoint_error'] == pytest.approx(5 / np.sqrt(20000), rel=1e-4)
    assert found['crowding'] == 1
    assert np.isnan(found['occlusion'])


def test_bins_of_a_curve_by_hand():
    values = {'MPJPE': np.array([10.0, 20, 40, np.nan, 90])}
    condition = np.array([0.0, 0.0, 0.2, 0.2, np.nan])
    result = observed_curve('occlusion', values, condition)
    assert result['samples'] == [2, 0, 0, 2, 0, 0]
    assert result['severity'] == [0, None, None, 0.2, None, None]
    assert result['metrics'] == {'MPJPE': [15, None, None, 40, None, None]}
    assert result['area'] == {'MPJPE': 27.5}
    assert observed_curve('occlusion', values, np.full(5, np.nan)) is None


def test_bad_predictions(write, dataset, metric, tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.npz'):
        measure_predictions(tmp_path / 'nowhere.npz', dataset, metric)
    with pytest.raises(KeyError, match="no array 'betas'; write it with tools/test.py --dump"):
        measure_predictions(write(lambda arrays: arrays.pop('betas')), dataset, metric)
    with pytest.raises(KeyError, match='sample 999 is not in the data set'):
        bad = write(lambda arrays: arrays.update(sample_idx=arrays['sample_idx'] * 0 + 999))
        measure_predictions(bad, dataset, metric)
    with pytest.raises(ValueError, match='written with another body model'):
        bad = write(lambda arrays: arrays.update(joints=arrays['joints'] * 1.2))
        measure_predictions(bad, dataset, metric)
