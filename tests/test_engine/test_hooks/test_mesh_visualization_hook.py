import numpy as np
import pytest
import torch

from dpmesh_plugin.engine import MeshVisualizationHook


def test_every_second_sample_is_drawn_into_the_folder(make_runner, tmp_path):
    out_dir = tmp_path / 'pictures'
    runner = make_runner(hooks=[MeshVisualizationHook(out_dir=str(out_dir), interval=2)])
    runner.test()
    drawn = runner.visualizer.drawn
    assert [name for name, *_ in drawn] == ['test_0', 'test_2', 'test_4']
    _, image, sample, options = drawn[1]
    np.testing.assert_array_equal(image, np.full((8, 6, 3), 2, dtype=np.uint8))
    assert 'pred_instances' in sample
    assert options['out_file'] == str(out_dir / 'test_2.jpg')


def test_crops_that_were_not_rounded_are_drawn_as_bytes(make_runner):
    runner = make_runner(hooks=[MeshVisualizationHook()], dtype=torch.float32)
    runner.test()
    assert runner.visualizer.drawn[3][1].dtype == np.uint8
    assert runner.visualizer.drawn[3][1].max() == 3


def test_no_more_than_asked_for_in_each_evaluation(make_runner):
    runner = make_runner(hooks=[MeshVisualizationHook(max_samples=2)])
    runner.test()
    runner.val()
    drawn = [(name, options['out_file']) for name, _, _, options in runner.visualizer.drawn]
    assert drawn == [('test_0', None), ('test_1', None), ('val_0', None), ('val_1', None)]


def test_testing_does_not_build_the_training_data(make_runner):
    runner = make_runner(hooks=[MeshVisualizationHook()], train_data={'type': 'NotThere'})
    runner.test()
    assert len(runner.visualizer.drawn) == 5


@pytest.mark.parametrize('stage', ['test', 'val'])
def test_a_pipeline_without_crops_is_refused_before_the_model_runs(make_runner, stage):
    runner = make_runner(hooks=[MeshVisualizationHook()], crops=False)
    with pytest.raises(ValueError, match='packs none: its batches hold data_samples. Leave out --'):
        getattr(runner, stage)()


def test_an_interval_of_zero_is_refused():
    with pytest.raises(ValueError, match='positive number of samples, got 0'):
        MeshVisualizationHook(interval=0)
