import pytest
import torch
from mmengine.evaluator import Evaluator
from torch import nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.engine.hooks.evaluation_protocol_hook import check_body_models
from dpmesh_plugin.evaluation import DumpPredictions, MeshMetric
from dpmesh_plugin.evaluation.protocol import weights_under_test
from dpmesh_plugin.utils.checkpoint_file import file_sha256

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
        'checkpoint_selection': None,
        'iteration': None,
    }


def test_a_checkpoint_says_how_it_was_chosen(make_runner, estimator, tmp_path):
    path, selection = tmp_path / 'a.pth', {'rule': 'best', 'metric': 'MPJPE', 'score': 70.0}
    torch.save({'state_dict': estimator().state_dict(), 'meta': {'selection': selection}}, path)
    runner = make_runner(hooks=[HOOK], load_from=str(path), read=weights_under_test)
    runner.test()
    assert runner.test_evaluator.metrics[0].facts['checkpoint_selection'] == selection


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


def test_a_metric_with_another_body_than_the_model_is_refused():
    model, body = nn.ModuleDict({'body': SMPL()}), SMPL()
    evaluator = Evaluator([MeshMetric(body_model=body), DumpPredictions(out_file='a.npz')])
    check_body_models(model, evaluator)
    body.model_id = 'smpl'
    with pytest.raises(ValueError, match=r'bodies of openbody-\w+, MeshMetric has smpl: same'):
        check_body_models(model, evaluator)
    check_body_models(nn.Linear(1, 1), evaluator)
