import os

import pytest
import torch

from dpmesh_plugin.engine import StrictLoadHook
from dpmesh_plugin.registry import HOOKS

STRICT = {'type': 'StrictLoadHook'}


def _save(model, path, **extra):
    torch.save({'state_dict': model.state_dict(), 'meta': {}, **extra}, path)
    return str(path)


def test_a_fitting_checkpoint_is_loaded(make_runner, estimator, tmp_path):
    source = estimator()
    runner = make_runner(hooks=[STRICT], load_from=_save(source, tmp_path / 'a.pth'))
    assert runner.test() == {'count': 5}
    torch.testing.assert_close(runner.model.layer.weight, source.layer.weight)


def test_a_safetensors_file_is_loaded_by_the_runner(make_runner, estimator, tmp_path):
    from safetensors.torch import save_file

    source = estimator()
    save_file(source.state_dict(), tmp_path / 'a.safetensors')
    runner = make_runner(hooks=[STRICT], load_from=str(tmp_path / 'a.safetensors'))
    runner.test()
    torch.testing.assert_close(runner.model.layer.weight, source.layer.weight)


@pytest.mark.parametrize('start', ['test', 'train'])
def test_a_checkpoint_of_another_model_stops_the_run(start, make_runner, estimator, tmp_path):
    path = _save(estimator(width=4), tmp_path / 'a.pth')
    runner = make_runner(hooks=[STRICT], load_from=path)
    with pytest.raises(ValueError, match=r'a\.pth does not fit the model Estimator') as caught:
        getattr(runner, start)()
    assert 'layer.weight (2, 3) in the model, (4, 3)' in str(caught.value)


def test_without_the_hook_the_runner_would_test_it(make_runner, estimator, tmp_path):
    path = _save(estimator(width=4), tmp_path / 'a.pth')
    assert make_runner(hooks=[], load_from=path).test() == {'count': 5}


def test_not_strict_loads_what_fits(make_runner, estimator, tmp_path):
    source = estimator()
    state_dict = source.state_dict()
    state_dict['layer.bias'] = torch.zeros(9)
    torch.save(state_dict, tmp_path / 'a.pth')
    hook = {'type': 'StrictLoadHook', 'strict': False}
    runner = make_runner(hooks=[hook], load_from=str(tmp_path / 'a.pth'))
    runner.test()
    torch.testing.assert_close(runner.model.layer.weight, source.layer.weight)


def test_code_is_refused_before_the_runner_reads_the_file(make_runner, estimator, tmp_path):
    class Code:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'trap'),)

    path = _save(estimator(), tmp_path / 'a.pth', extra=Code())
    with pytest.raises(ValueError, match='would run code'):
        make_runner(hooks=[STRICT], load_from=path).test()
    assert not (tmp_path / 'trap').exists()


def test_a_missing_checkpoint_stops_the_run(make_runner, tmp_path):
    runner = make_runner(hooks=[STRICT], load_from=str(tmp_path / 'none.pth'))
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        runner.test()


def test_what_is_loaded_by_hand_is_compared_too(make_runner, estimator, tmp_path):
    runner = make_runner(hooks=[STRICT])
    with pytest.raises(ValueError, match='the checkpoint does not fit'):
        runner.load_checkpoint(_save(estimator(width=4), tmp_path / 'a.pth'))


def test_a_run_resumes_from_its_own_checkpoint(make_runner, estimator, tmp_path):
    make_runner(hooks=[STRICT]).train()
    runner = make_runner(hooks=[STRICT], resume=True)
    runner.train()
    assert runner.iter == 2
    broken = make_runner(hooks=[STRICT], resume=True, model=estimator(width=4))
    with pytest.raises(ValueError, match=r'epoch_2\.pth does not fit'):
        broken.train()


def test_it_builds_from_a_dict():
    assert isinstance(HOOKS.build(STRICT), StrictLoadHook)
