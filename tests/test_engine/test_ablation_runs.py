"""Runs of a set: planned, started, resumed, collected."""

import os
import runpy
import sys

import pytest
import torch

from dpmesh_plugin.engine.ablation_plan import RESULT, check_alike, check_folders, plan_runs
from dpmesh_plugin.engine.ablation_runs import (
    change_of,
    chosen_checkpoint,
    collect_rows,
    run_one,
    start_process,
)
from dpmesh_plugin.utils.io import dump_json

CONTENT = {'metrics': {'MPJPE': 50.0}, 'protocol': {'dataset': 'made up'}}


@pytest.fixture
def configs(tmp_path):
    paths = [tmp_path / 'base.py', tmp_path / 'other.py']
    for path in paths:
        path.write_text(f'"""What {path.stem} changes.\n\nAnd more.\n"""\n')
    return paths


class Tools:
    """Stands where processes are started: tools that leave what real ones leave."""

    def __init__(self, broken=()):
        self.calls, self.broken = [], broken

    def __call__(self, command, log):
        config, tool = os.path.basename(command[2]), os.path.basename(command[1])
        self.calls.append((tool, config, command))
        if (tool, config) in self.broken:
            log.write_text('Traceback\nRuntimeError: out of memory\n\n')
            return 1
        if tool == 'train.py':
            (log.parent / 'best_MPJPE_epoch_3.pth').touch()
        else:
            dump_json(CONTENT, command[command.index('--out') + 1])
        return 0


def _run_all(runs, tmp_path, tools):
    failures = {run: run_one(run, tmp_path / 'tools', tools) for run in runs}
    return {run: reason for run, reason in failures.items() if reason}


def test_a_set_runs_once(configs, tmp_path):
    runs = plan_runs(configs, [0, 7], tmp_path / 'out', ['data_root=data/mine'])
    assert [(run.config.stem, run.seed) for run in runs] == [
        ('base', 0),
        ('other', 0),
        ('base', 7),
        ('other', 7),
    ]
    tools = Tools()
    assert _run_all(runs, tmp_path, tools) == {}
    assert len(tools.calls) == 8
    train, test = tools.calls[2][2], tools.calls[3][2]
    assert train[3:] == [
        *('--resume', '--work-dir', str(tmp_path / 'out' / 'other' / 'seed_0')),
        *('--cfg-options', 'data_root=data/mine', 'randomness.seed=0'),
    ]
    assert test[3].endswith('best_MPJPE_epoch_3.pth')
    assert _run_all(runs, tmp_path, tools) == {}
    assert len(tools.calls) == 8
    rows = collect_rows(runs, {})
    assert [(row.name, row.change, list(row.results)) for row in rows] == [
        ('base', 'What base changes', [0, 7]),
        ('other', 'What other changes', [0, 7]),
    ]


def test_a_failure_is_told_and_tried_again(configs, tmp_path):
    runs = plan_runs(configs, [0], tmp_path / 'out')
    failures = _run_all(runs, tmp_path, Tools([('train.py', 'base.py')]))
    reason = 'training: exit code 1, last line: RuntimeError: out of memory (all of it: '
    assert failures[runs[0]].startswith(reason)
    assert [list(row.failures) for row in collect_rows(runs, failures)] == [[0], []]
    tools = Tools([('test.py', 'base.py')])
    assert _run_all(runs, tmp_path, tools)[runs[0]].startswith('test: exit code 1, last line: Run')
    assert [call[:2] for call in tools.calls] == [('train.py', 'base.py'), ('test.py', 'base.py')]


def test_a_killed_row_is_told_from_a_failed_one(configs, tmp_path):
    (run, *_) = plan_runs(configs, [0], tmp_path / 'out')
    program = 'import os; print("the best so far, MPJPE 437", flush=True); os.kill(os.getpid(), 9)'
    reason = run_one(
        run, tmp_path, lambda _, log: start_process([sys.executable, '-c', program], log)
    )
    expected = 'training: signal 9 (Killed), last line: the best so far, MPJPE 437 (all of it: '
    assert reason.startswith(expected)


def _edit(config, text):
    config.write_text(f'{config.read_text()}{text}\n')


def test_a_folder_of_another_request(configs, tmp_path):
    runs = plan_runs(configs, [0], tmp_path / 'out')
    run_one(runs[0], tmp_path / 'tools', Tools())
    check_folders(runs)
    other = plan_runs(configs, [0], tmp_path / 'out', ['train_cfg.max_epochs=1'])
    expected = r'seed_0 holds another experiment .* train_cfg.max_epochs was absent, is 1\. Name an'
    with pytest.raises(ValueError, match=expected):
        check_folders(other)


def test_a_folder_of_the_config_before_it_was_edited(configs, tmp_path):
    _edit(configs[0], 'optim_wrapper = dict(optimizer=dict(lr=1e-4, betas=(0.9, 0.99)))')
    (run, *_) = plan_runs(configs, [0], tmp_path / 'out')
    run_one(run, tmp_path / 'tools', Tools())
    _edit(configs[0], "work_dir = 'elsewhere'")
    check_folders(plan_runs(configs, [0, 1], tmp_path / 'out'))
    _edit(configs[0], "optim_wrapper['optimizer']['betas'] = (0.9, 0.999)")
    expected = (
        r'optim_wrapper.optimizer.betas.1 was 0.99, is 0.999\. Name another --work-dir, or rem'
    )
    with pytest.raises(ValueError, match=expected):
        check_folders(plan_runs(configs, [0, 1], tmp_path / 'out'))


def test_a_folder_of_a_config_of_the_same_name(configs, tmp_path):
    run_one(plan_runs(configs, [0], tmp_path / 'out')[0], tmp_path / 'tools', Tools())
    namesake = tmp_path / 'more' / 'base.py'
    namesake.parent.mkdir()
    namesake.write_text('train_cfg = dict(max_epochs=2)\n')
    with pytest.raises(ValueError, match=r'train_cfg.max_epochs was absent, is 2'):
        check_folders(plan_runs([namesake], [0], tmp_path / 'out'))


def test_seeds_of_different_settings_are_not_collected(configs, tmp_path):
    for seed in (0, 1):
        run = plan_runs(configs, [seed], tmp_path / 'out', [f'train_cfg.max_epochs={seed + 1}'])[0]
        run_one(run, tmp_path / 'tools', Tools())
    check_alike(plan_runs(configs, [1, 7], tmp_path / 'out'))
    expected = r'seed_0 and .*seed_1 hold different .*max_epochs was 1, is 2 in the second\. Coll'
    with pytest.raises(ValueError, match=expected):
        check_alike(plan_runs(configs, [0, 1], tmp_path / 'out'))


@pytest.mark.parametrize('during', ['train.py', 'test.py'])
def test_a_config_that_is_edited_while_the_set_runs(configs, tmp_path, during):
    (run, *_) = plan_runs(configs, [0], tmp_path / 'out')
    tools = Tools()

    def edit_and_start(command, log):
        _edit(configs[0], 'train_cfg = dict(max_epochs=9)')
        return tools(command, log)

    if during == 'train.py':
        _edit(configs[0], 'train_cfg = dict(max_epochs=9)')
    reason = run_one(run, tmp_path / 'tools', edit_and_start)
    assert (
        reason == 'the config was edited after the set began: train_cfg.max_epochs was absent, is 9'
    )
    assert len(tools.calls) == (during == 'test.py')
    configs[0].write_text('model = dict(\n')
    assert run_one(run, tmp_path / 'tools', tools).startswith('the config can no longer be read: ')


def test_sets_that_cannot_be_told_apart(configs, tmp_path):
    with pytest.raises(ValueError, match=r"different config names, got \['base', 'base'\]"):
        plan_runs([configs[0], configs[0]], [0], tmp_path)
    with pytest.raises(ValueError, match=r'different seeds, got \[1, 1\]'):
        plan_runs(configs, [1, 1], tmp_path)
    with pytest.raises(FileNotFoundError, match='absent'):
        plan_runs([tmp_path / 'absent.py'], [0], tmp_path)


def test_checkpoints_lie_in_the_folder_of_their_run(configs, tmp_path):
    plan_runs(configs, [0], tmp_path, ['default_hooks.checkpoint.out_dir=None'])
    with pytest.raises(ValueError, match=r"checkpoint.out_dir='data/mine', but the best .* out$"):
        plan_runs(configs, [0], tmp_path, ['default_hooks.checkpoint.out_dir=data/mine'])


def test_the_best_checkpoint_goes_before_the_last(tmp_path):
    assert chosen_checkpoint(tmp_path) is None
    (tmp_path / 'last_checkpoint').write_text('last.pth')
    assert chosen_checkpoint(tmp_path) == 'last.pth'
    (tmp_path / 'best_MPJPE_epoch_2.pth').touch()
    assert chosen_checkpoint(tmp_path).endswith('best_MPJPE_epoch_2.pth')


def _keep_best(folder, *names, recorded=None):
    """A folder with some best checkpoints, and perhaps a last one that knows of some."""
    for name in names:
        (folder / name).touch()
    if recorded is not None:
        hub = {'runtime_info': {'epoch': 10, 'best_score': 50.0, **recorded}}
        last = folder / 'epoch_10.pth'
        torch.save({'state_dict': {'weight': torch.zeros(1)}, 'message_hub': hub}, last)
        (folder / 'last_checkpoint').write_text(str(last))


def test_of_several_the_recorded_one_is_taken(tmp_path):
    names = ('best_MPJPE_epoch_10.pth', 'best_MPJPE_epoch_9.pth')
    _keep_best(tmp_path, *names, recorded={'best_ckpt': f'elsewhere/{names[1]}'})
    assert chosen_checkpoint(tmp_path) == str(tmp_path / names[1])


@pytest.mark.parametrize(
    'recorded',
    [
        None,
        {},
        {'best_ckpt': 'best_MPJPE_epoch_3.pth'},
        {'best_ckpt_MPJPE': 'best_MPJPE_epoch_9.pth', 'best_ckpt_PCK': 'best_PCK_epoch_4.pth'},
    ],
)
def test_several_are_refused_where_nothing_tells(configs, tmp_path, recorded):
    (run, *_) = plan_runs(configs, [0], tmp_path / 'out')
    run.work_dir.mkdir(parents=True)
    _keep_best(run.work_dir, 'best_MPJPE_epoch_9.pth', 'best_PCK_epoch_4.pth', recorded=recorded)
    with pytest.raises(ValueError, match=r'got best_MPJPE_epoch_9.pth, best_PCK_epoch_4.pth, and'):
        chosen_checkpoint(run.work_dir)
    reason = run_one(run, tmp_path / 'tools', lambda *_: 0)
    assert reason.startswith('choice of the checkpoint: expected one best checkpoint in ')


def test_every_row_says_what_it_changes(repo_root):
    for path in (repo_root / 'configs' / 'ablations').glob('*.py'):
        assert 10 < len(change_of(path)) < 100


def test_the_tool(configs, tmp_path, repo_root, monkeypatch, capsys):
    script = repo_root / 'tools' / 'analysis_tools' / 'run_ablations.py'
    out = tmp_path / 'out'
    dump_json(CONTENT, out / 'base' / 'seed_0' / RESULT)
    arguments = [*map(str, reversed(configs)), '--work-dir', str(out)]

    def run(*more):
        monkeypatch.setattr(sys, 'argv', [str(script), *arguments, *more])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(script), run_name='__main__')
        return stop.value.code, capsys.readouterr().out

    code, text = run()
    assert code == 1
    assert '[1/2] base, seed 0 was finished' in text
    assert '[2/2] other, seed 0 training: ' in text
    assert '| base | What base changes | 1 | 50.0 | - | - |' in text
    assert (out / 'ablations.png').is_file()
    code, _ = run('--seeds', '1', '1')
    assert 'different seeds' in code


def test_the_tool_collects_without_the_options_of_the_runs(
    configs, tmp_path, repo_root, monkeypatch, capsys
):
    script = repo_root / 'tools' / 'analysis_tools' / 'run_ablations.py'
    (run, *_) = plan_runs(configs, [0], tmp_path / 'out', ['train_cfg.max_epochs=1'])
    run_one(run, tmp_path / 'tools', Tools())
    arguments = [str(configs[0]), '--work-dir', str(tmp_path / 'out')]
    monkeypatch.setattr(sys, 'argv', [str(script), *arguments])
    with pytest.raises(SystemExit, match=r'max_epochs was 1, is absent'):
        runpy.run_path(str(script), run_name='__main__')
    monkeypatch.setattr(sys, 'argv', [str(script), *arguments, '--collect'])
    runpy.run_path(str(script), run_name='__main__')
    assert '| base | What base changes | 1 | 50.0 |' in capsys.readouterr().out
