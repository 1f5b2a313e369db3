"""Train and test a set of configs with several seeds, and go on where it was interrupted."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dpmesh_plugin.evaluation.ablation_table import AblationRow
from dpmesh_plugin.evaluation.comparison import read_result
from dpmesh_plugin.utils.io import dump_json, load_json

from .checkpoint import latest_checkpoint, read_checkpoint
from .selection import recorded_best

RESULT = 'metrics.json'
REQUEST = 'request.json'
LOG = 'output.txt'
LOCK = 'lock'

Start = Callable[[list[str], Path], int]


@dataclass(frozen=True)
class AblationRun:
    """One config with one seed.

    Args:
        config: Config file.
        seed: Seed of the run.
        work_dir: Folder of the run.
        options: ``KEY=VALUE`` options for the config, as on the command line.
    """

    config: Path
    seed: int
    work_dir: Path
    options: tuple[str, ...] = ()

    @property
    def request(self) -> dict:
        """What was asked for, which a folder keeps to be resumed by the same request only."""
        return {'config': self.config.name, 'seed': self.seed, 'options': list(self.options)}

    @property
    def finished(self) -> bool:
        """Whether the folder holds the result."""
        return (self.work_dir / RESULT).is_file()

    def command(self, tool: Path, *arguments: str) -> list[str]:
        """A command line for a tool of this package."""
        seed = f'randomness.seed={self.seed}'
        options = ['--work-dir', str(self.work_dir), '--cfg-options', *self.options, seed]
        return [sys.executable, str(tool), str(self.config), *arguments, *options]


def plan_runs(
    configs: Sequence[str | Path],
    seeds: Sequence[int],
    work_dir: str | Path,
    options: Sequence[str] = (),
) -> list[AblationRun]:
    """All runs of a set, a seed of every config before the next seed.

    Args:
        configs: Config files; their names are those of the rows.
        seeds: Seeds.
        work_dir: Folder with a folder for each row and seed.
        options: ``KEY=VALUE`` options for all configs.

    Raises:
        FileNotFoundError: a config does not exist.
        ValueError: two configs or two seeds are the same, or a folder holds a run of another
            request.
    """
    paths = [Path(config) for config in configs]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f'expected a config file, found none at {path.absolute()}')
    for what, values in (('config names', [p.stem for p in paths]), ('seeds', list(seeds))):
        if len(set(values)) < len(values):
            raise ValueError(f'expected different {what}, got {values}')
    runs = [
        AblationRun(path, seed, Path(work_dir) / path.stem / f'seed_{seed}', tuple(options))
        for seed in seeds
        for path in paths
    ]
    for run in runs:
        _check_request(run)
    return runs


def run_one(run: AblationRun, tools: Path, start: Start) -> str | None:
    """Train or resume, then test, unless there is a result.

    Args:
        run: The run.
        tools: Folder with ``train.py`` and ``test.py``.
        start: Starts a command with its output appended to a file, and gives its exit code.

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
    dump_json(run.request, run.work_dir / REQUEST)
    log = run.work_dir / LOG
    if start(run.command(tools / 'train.py', '--resume'), log):
        return f'training: {_reason(log)}'
    try:
        checkpoint = chosen_checkpoint(run.work_dir)
    except (FileNotFoundError, ValueError) as error:
        return f'choice of the checkpoint: {error}'
    if checkpoint is None:
        return f'training left no checkpoint in {run.work_dir}'
    out = ['--out', str(run.work_dir / RESULT)]
    if start(run.command(tools / 'test.py', checkpoint, *out), log):
        return f'test: {_reason(log)}'
    return None


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


def _check_request(run: AblationRun) -> None:
    path = run.work_dir / REQUEST
    if path.is_file() and load_json(path) != run.request:
        raise ValueError(
            f'{run.work_dir} holds a run of {load_json(path)}, asked for is {run.request}: name '
            'another --work-dir, or remove the folder'
        )


def _reason(log: Path) -> str:
    """Last line that a failed command wrote."""
    lines = log.read_text(encoding='utf-8', errors='replace').split('\n')
    last = next((line.strip() for line in reversed(lines) if line.strip()), 'no output')
    return f'{last} (all of it: {log})'
