"""A distiller in a run: started, followed, interrupted, exported."""

import copy

import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import distribute_tensor

from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.engine.hooks import TeacherHook
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint

from .conftest import People

LOSSES = {'fused': {'type': 'MapDistanceLoss'}, 'attention': {'type': 'MapDivergenceLoss'}}
HOOKS = [{'type': 'TeacherHook'}, {'type': 'StrictLoadHook'}]


class CleanPeople(People):
    """The made-up people with clean prompts beside noisy ones."""

    def __getitem__(self, index: int) -> dict:
        item = super().__getitem__(index)
        item['data_samples'].clean_prompt = copy.deepcopy(item['data_samples'].prompt)
        item['data_samples'].prompt.keypoints += 10
        return item


@pytest.fixture
def make_distiller(estimator_config):
    def make(teacher: dict, seed: int = 0):
        torch.manual_seed(seed)
        config = {'type': 'MeshDistiller', 'teacher': teacher, 'distillation': LOSSES}
        return MODELS.build({**estimator_config, **config})

    return make


def train(make_training, model, **options):
    return make_training(model, hooks=HOOKS, dataset=CleanPeople(), **options).train()


EMA = {'type': 'EMATeacher', 'momentum': 0.5}
WEIGHT = 'neck.fuse.0.weight'


def test_average_follows_every_step(make_distiller, make_training, tmp_path):
    model = make_distiller(EMA)
    start = model.get_parameter(WEIGHT).detach().clone()
    train(make_training, model, steps=2)
    saved = [read_checkpoint(tmp_path / 'work' / f'iter_{step}.pth') for step in (1, 2)]
    first, second = (each['state_dict'][WEIGHT] for each in saved)
    assert not torch.equal(first, start)
    torch.testing.assert_close(
        saved[1]['teacher']['weights'][WEIGHT], start / 4 + first / 4 + second / 2
    )


def test_average_follows_steps_not_batches(make_distiller, make_training, tmp_path):
    model = make_distiller(EMA)
    start = model.get_parameter(WEIGHT).detach().clone()
    options = {'accumulative_counts': 2}
    train(make_training, model, steps=2, batch_size=1, optim_wrapper=options)
    after = read_checkpoint(tmp_path / 'work' / 'iter_2.pth')['teacher']['weights'][WEIGHT]
    torch.testing.assert_close(after, start / 2 + model.get_parameter(WEIGHT) / 2)


def test_resumed_run_ends_like_the_whole_one(make_distiller, make_training, tmp_path):
    train(make_training, make_distiller(EMA), steps=4)
    whole = copy.deepcopy(read_checkpoint(tmp_path / 'work' / 'iter_4.pth'))
    path = str(tmp_path / 'work' / 'iter_2.pth')
    train(make_training, make_distiller(EMA, seed=1), steps=4, load_from=path, resume=True)
    again = read_checkpoint(tmp_path / 'work' / 'iter_4.pth')
    torch.testing.assert_close(again['state_dict'], whole['state_dict'], rtol=0, atol=0)
    torch.testing.assert_close(
        again['teacher']['weights'], whole['teacher']['weights'], rtol=0, atol=0
    )


def test_checkpoint_is_that_of_a_plain_estimator(
    make_distiller, make_training, make_model, tmp_path
):
    model = make_distiller(EMA)
    train(make_training, model, steps=1)
    plain = make_model()
    assert load_weights(plain, tmp_path / 'work' / 'iter_1.pth').agrees
    torch.testing.assert_close(plain.get_parameter(WEIGHT), model.get_parameter(WEIGHT))


def test_teacher_from_a_file(make_distiller, make_training, make_model, tmp_path):
    path = tmp_path / 'teacher.pth'
    teacher = make_model()
    torch.save({'state_dict': teacher.state_dict()}, path)
    config = {'type': 'CheckpointTeacher', 'checkpoint': str(path)}
    model = make_distiller(config, seed=5)
    train(make_training, model, steps=2)
    learned = model.teacher.model.state_dict()
    for name, value in teacher.state_dict().items():
        torch.testing.assert_close(learned[name], value, rtol=0, atol=0)
    last = str(tmp_path / 'work' / 'iter_2.pth')
    assert read_checkpoint(last)['teacher']['weights'] == {}
    torch.save({'state_dict': make_distiller(EMA, seed=3).state_dict()}, path)
    with pytest.raises(ValueError, match='had a teacher with SHA-256'):
        train(make_training, make_distiller(config), steps=3, load_from=last, resume=True)
    with pytest.raises(ValueError, match='had CheckpointTeacher, the config has EMATeacher'):
        train(make_training, make_distiller(EMA), steps=3, load_from=last, resume=True)


def test_starts_from_a_plain_checkpoint(make_distiller, make_training, make_model, tmp_path):
    plain = make_model()
    path = tmp_path / 'plain.pth'
    torch.save({'state_dict': plain.state_dict()}, path)
    model = make_distiller(EMA, seed=7)
    train(make_training, model, steps=1, load_from=str(path))
    expected = plain.get_parameter(WEIGHT) / 2 + model.get_parameter(WEIGHT) / 2
    torch.testing.assert_close(model.teacher.weights()[WEIGHT], expected)
    with pytest.raises(ValueError, match='had no teacher, the config has EMATeacher'):
        resumed = {'state_dict': plain.state_dict(), 'meta': {'epoch': 0, 'iter': 0}}
        torch.save(resumed, path)
        train(make_training, make_distiller(EMA), load_from=str(path), resume=True)


def test_weights_in_shards_are_refused(make_distiller, make_training, tmp_path):
    store = f'file://{tmp_path}/store'
    distributed.init_process_group('gloo', init_method=store, rank=0, world_size=1)
    try:
        mesh = init_device_mesh('cpu', (1,))
        model = make_distiller(EMA)
        model.neck.fuse[0].bias = nn.Parameter(distribute_tensor(model.neck.fuse[0].bias, mesh))
        runner = make_training(model, hooks=HOOKS, dataset=CleanPeople())
        with pytest.raises(ValueError, match='cannot be made of weights in shards'):
            TeacherHook().before_train(runner)
    finally:
        distributed.destroy_process_group()
