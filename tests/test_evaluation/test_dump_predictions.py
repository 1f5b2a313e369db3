import numpy as np
import pytest
import torch

from dpmesh_plugin.evaluation import DumpPredictions

SHAPES = {
    'global_orient': (3,),
    'body_pose': (23, 3),
    'betas': (10,),
    'transl': (3,),
    'transl_full': (3,),
    'joints': (30, 3),
    'keypoints_2d': (30, 2),
}


def _sample(index):
    predicted = {name: torch.full((1, *shape), float(index)) for name, shape in SHAPES.items()}
    return {'sample_idx': index, 'img_path': f'{index}.jpg', 'pred_instances': predicted}


def test_the_file_holds_every_sample_in_order_and_no_pickle(tmp_path):
    out_file = tmp_path / 'predictions.npz'
    metric = DumpPredictions(out_file=str(out_file))
    metric.process(None, [_sample(5), _sample(2)])
    metric.process(None, [_sample(9)])
    assert metric.evaluate(3) == {}
    with np.load(out_file, allow_pickle=False) as file:
        assert file['sample_idx'].tolist() == [2, 5, 9]
        assert file['img_path'].tolist() == ['2.jpg', '5.jpg', '9.jpg']
        for name, shape in SHAPES.items():
            assert file[name].shape == (3, *shape)
            assert file[name][1].max() == 5
        assert str(file['checkpoint']) == ''


def test_joints_of_a_model_without_a_mesh_are_kept(tmp_path):
    out_file = tmp_path / 'predictions.npz'
    metric = DumpPredictions(out_file=str(out_file))
    joints = torch.rand(2, 14, 3)
    samples = [
        _sample(index) | {'pred_instances': {'joints': joints[index, None]}} for index in (0, 1)
    ]
    metric.process(None, samples)
    metric.evaluate(2)
    with np.load(out_file, allow_pickle=False) as file:
        assert set(file.files) == {'sample_idx', 'img_path', 'joints', 'checkpoint'}
        np.testing.assert_array_equal(file['joints'], joints.numpy())


def test_predictions_of_neither_meshes_nor_joints_are_refused(tmp_path):
    metric = DumpPredictions(out_file=str(tmp_path / 'predictions.npz'))
    with pytest.raises(ValueError, match='sample 3: expected pred_instances .*, got camera; dump'):
        metric.process(None, [_sample(3) | {'pred_instances': {'camera': torch.zeros(1, 3)}}])


def test_another_kind_of_file_is_refused():
    with pytest.raises(ValueError, match=r"written as .npz, got out_file 'a.pkl'"):
        DumpPredictions(out_file='a.pkl')
