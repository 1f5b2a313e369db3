import torch

from dpmesh_plugin.engine.checkpoint import file_sha256
from dpmesh_plugin.evaluation.protocol import weights_under_test

HOOK = {'type': 'EvaluationProtocolHook'}


def test_a_tested_file_is_named_with_its_hash(make_runner, estimator, tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(estimator().state_dict(), path)
    runner = make_runner(hooks=[HOOK], load_from=str(path), read=weights_under_test)
    runner.test()
    assert runner.test_evaluator.metrics[0].facts == {
        'config': 'tiny.py',
        'checkpoint': str(path),
        'checkpoint_sha256': file_sha256(path),
        'iteration': None,
    }


def test_weights_in_training_are_named_by_their_iteration(make_runner, estimator, tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(estimator().state_dict(), path)
    runner = make_runner(hooks=[HOOK], load_from=str(path), read=weights_under_test)
    runner.train()
    facts = runner.val_evaluator.metrics[0].facts
    assert (facts['checkpoint'], facts['iteration']) == (None, 2)


def test_untrained_weights_have_no_file(make_runner):
    runner = make_runner(hooks=[HOOK], read=weights_under_test)
    runner.test()
    facts = runner.test_evaluator.metrics[0].facts
    assert (facts['checkpoint'], facts['checkpoint_sha256']) == (None, None)
