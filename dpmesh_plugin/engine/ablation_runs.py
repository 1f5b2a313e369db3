"""Train and test a set of configs with several seeds, and go on where it was interrupted."""

import ast
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dpmesh_plugin.evaluation.ablation_table import AblationRow
from dpmesh_plugin.evaluation.comparison import read_result
from dpmesh_plugin.utils.cli import BAD_INPUT
from dpmesh_plugin.utils.io import dump_json

from .ablation_plan import REQUEST, RESULT, AblationRun, difference, read_settings
from .checkpoint import latest_checkpoint, read_checkpoint
from .selection import recorded_best

LOG = 'output.txt'
LOCK = 'lock'

Start = Callable[[list[str], Path], int]


def run_one(run: AblationRun, tools: Path, start: Start) -> str | None:
    """Train or resume, then test, unless there is a result.

    Args:
        run: The run.
        tools: Folder with ``train.py`` and ``test.py``.
        start: Starts a command with its output appended to a file, and gives its exit code,
            negative for a signal.

    Returns:
        Why there is no result, or None where there is one.
    """
    if run.finished:
        return None
    run.work_dir.mkdir(parents=True, exist_ok=True)
    with reserved(run.work_dir) as ours:
        if not ours:
            return f'another process is at work in {run.work_dir}: wait for it, or end it'
        return _train_and_test(run, tools, start)


def _train_and_test(run: AblationRun, tools: Path, start: Start) -> str | None:
    if edited := _edited(run):
        return edited
    dump_json(run.request, run.work_dir / REQUEST)
    log = run.work_dir / LOG
    if code := start(run.command(tools / 'train.py', '--resume'), log):
        return f'training: {_reason(code, log)}'
    try:
        checkpoint = chosen_checkpoint(run.work_dir)
    except (FileNotFoundError, ValueError) as error:
        return f'choice of the checkpoint: {error}'
    if checkpoint is None:
        return f'training left no checkpoint in {run.work_dir}'
    if edited := _edited(run):
        return edited
    out = ['--out', str(run.work_dir / RESULT)]
    if code := start(run.command(tools / 'test.py', checkpoint, *out), log):
        return f'test: {_reason(code, log)}'
    return None


def _edited(run: AblationRun) -> str | None:
    """How the config differs from what it was when the set began, or None."""
    try:
        differs = difference(run.settings, read_settings(run.config, run.options))
    except (*BAD_INPUT, SyntaxError) as error:
        return f'the config can no longer be read: {error}'
    return differs and f'the config was edited after the set began: {differs}'


def start_process(command: list[str], log: Path) -> int:
    """Run a command to its end with its output appended to ``log``; the exit code.

    It inherits what :func:`reserved` holds.
    """
    with open(log, 'ab') as file:
        return subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, check=False, close_fds=False
        ).returncode


@contextmanager
def reserved(folder: Path) -> Iterator[bool]:
    """Keep a folder for this process and those it starts, also if this one is killed before them.

    Yields:
        Whether it could be had.
    """
    import fcntl

    with open(folder / LOCK, 'w') as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def chosen_checkpoint(work_dir: Path) -> str | None:
    """The best checkpoint of the validation, or where none is kept the last.

    Of several it is the one that the last checkpoint records: others are left from before.

    Raises:
        ValueError: the run does not tell which of several is the best.
        FileNotFoundError: there are several, and not the last one that would tell.
    """
    best = sorted(work_dir.glob('best_*.pth'))
    last = latest_checkpoint(work_dir)
    if len(best) > 1:
        recorded = recorded_best(read_checkpoint(last)) if last else set()
        kept = [path for path in best if path.name in recorded]
        if len(kept) != 1:
            raise ValueError(
                f'expected one best checkpoint in {work_dir}, got '
                f'{", ".join(path.name for path in kept or best)}, and nothing tells which to '
                'take: give save_best of the checkpoint hook one metric, or remove the others'
            )
        best = kept
    return str(best[0]) if best else last


def collect_rows(
    runs: Sequence[AblationRun], failures: dict[AblationRun, str]
) -> list[AblationRow]:
    """A row for every config, in the order of the runs.

    Args:
        runs: Runs, finished, failed or not yet started.
        failures: Why runs have no result.
    """
    rows: dict[str, AblationRow] = {}
    for run in runs:
        name = run.config.stem
        row = rows.setdefault(name, AblationRow(name, change_of(run.config)))
        if run.finished:
            row.results[run.seed] = read_result(run.work_dir / RESULT)
        elif run in failures:
            row.failures[run.seed] = failures[run]
    return list(rows.values())


def change_of(config: Path) -> str:
    """First line of the docstring of a config."""
    text = ast.get_docstring(ast.parse(config.read_text(encoding='utf-8'))) or config.stem
    return text.splitlines()[0].rstrip('.')


def _reason(code: int, log: Path) -> str:
    """How a command failed, and the last line that it wrote."""
    lines = log.read_text(encoding='utf-8', errors='replace').split('\n')
    last = next((line.strip() for line in reversed(lines) if line.strip()), 'no output')
    # A negative code is that of a signal, which kills without a word.
    how = f'signal {-code} ({signal.strsignal(-code)})' if code < 0 else f'exit code {code}'
    return f'{how}, last line: {last} (all of it: {log})'
