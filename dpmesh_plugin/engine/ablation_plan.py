"""Which runs a set of configs and seeds consists of, and which experiment a folder holds."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.cli import parse_config_options
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.io import load_json

RESULT = 'metrics.json'
REQUEST = 'request.json'
OUT_DIR = 'default_hooks.checkpoint.out_dir'

_ADVICE = 'Name another --work-dir, or remove the folder'


@dataclass(frozen=True)
class AblationRun:
    """One config with one seed.

    Args:
        config: Config file.
        seed: Seed of the run.
        work_dir: Folder of the run.
        options: ``KEY=VALUE`` options for the config, as on the command line.
        settings: What the config says, from :func:`read_settings`.
    """

    config: Path
    seed: int
    work_dir: Path
    options: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def request(self) -> dict:
        """What was asked for, as its folder keeps it."""
        return {
            'config': str(self.config),
            'seed': self.seed,
            'options': list(self.options),
            'settings': dict(self.settings),
        }

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
        KeyError: a config or an option has a key that nothing reads.
        ValueError: two configs or two seeds are the same, or checkpoints would lie elsewhere than
            in the folder of their run.
    """
    paths = [Path(config) for config in configs]
    for what, values in (('config names', [p.stem for p in paths]), ('seeds', list(seeds))):
        if len(set(values)) < len(values):
            raise ValueError(f'expected different {what}, got {values}')
    settings = {path: read_settings(path, options) for path in paths}
    for path, values in settings.items():
        if values.get(OUT_DIR, 'None') != 'None':
            raise ValueError(
                f'{path} with the given options has {OUT_DIR}={values[OUT_DIR]}, but the best '
                f'checkpoint is looked for in the folder of the run: leave {OUT_DIR} out'
            )
    return [
        AblationRun(
            config=path,
            seed=seed,
            work_dir=Path(work_dir) / path.stem / f'seed_{seed}',
            options=tuple(options),
            settings=settings[path],
        )
        for seed in seeds
        for path in paths
    ]


def read_settings(config: Path, options: Sequence[str]) -> dict[str, str]:
    """Every value of a config with its options applied, as text, by its dotted key.

    The work folder is left out, which says where and not what.

    Args:
        config: Config file.
        options: ``KEY=VALUE`` options.
    """
    content = load_config(config, parse_config_options(options)).to_dict()
    content.pop('work_dir', None)
    return dict(_leaves(content))


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """The first setting in which two configs differ, in words; None where they are equal."""
    for key in [*new, *old]:
        before, now = old.get(key, 'absent'), new.get(key, 'absent')
        if before != now:
            return f'{key} was {before}, is {now}'
    return None


def check_folders(runs: Sequence[AblationRun]) -> None:
    """Refuse folders of other experiments than those that are asked for.

    Raises:
        ValueError: a folder holds a run of another config, of an edited one, or with other options.
    """
    for run in runs:
        recorded = _recorded(run)
        differs = None if recorded is None else difference(recorded, run.settings)
        if differs:
            raise ValueError(
                f'{run.work_dir} holds another experiment than {run.config} with the given '
                f'options: {differs}. {_ADVICE}'
            )


def check_alike(runs: Sequence[AblationRun]) -> None:
    """Refuse to collect seeds of one row that were trained with different settings.

    What the configs say now is not looked at.

    Raises:
        ValueError: two finished folders of a row hold different experiments.
    """
    rows: dict[Path, tuple[AblationRun, dict[str, str]]] = {}
    for run in runs:
        recorded = _recorded(run) if run.finished else None
        if recorded is None:
            continue
        first, settings = rows.setdefault(run.config, (run, recorded))
        if differs := difference(settings, recorded):
            raise ValueError(
                f'{first.work_dir} and {run.work_dir} hold different experiments: {differs} in the '
                'second. Collect them apart (--seeds), or remove one of them'
            )


def _recorded(run: AblationRun) -> dict[str, str] | None:
    """Settings of the run that the folder holds; None where there is none."""
    path = run.work_dir / REQUEST
    return load_json(path).get('settings', {}) if path.is_file() else None


def _leaves(node: Any, path: str = '') -> Iterator[tuple[str, str]]:
    """Dotted key and text of what is no container, or an empty one below the top."""
    if isinstance(node, dict | list | tuple) and node:
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in children:
            yield from _leaves(child, f'{path}.{key}' if path else str(key))
    elif path:
        yield path, repr(node)
