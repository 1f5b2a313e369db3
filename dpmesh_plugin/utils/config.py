"""Reading a config: shared entries and unknown keys."""

import ast
import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

SPLITS = ('train', 'val', 'test')
# What the runner reads from the whole config beside its arguments.
RUNNER_EXTRAS = (
    'model_wrapper_cfg',
    'find_unused_parameters',
    'sync_bn',
    'compile',
    'activation_checkpointing',
    'efficient_conv_bn_eval',
    'strategy',
    'runner_type',
)
# Written once at the top of a config and used in several parts of it, under these names.
SHARED_ENTRIES = {
    'body_model': 'body_model',
    'data_root': 'data_root',
    'train_pipeline': 'pipeline',
    'test_pipeline': 'pipeline',
}
# Loaders that the shared pipelines are written for.
PIPELINE_LOADERS = {
    'train_pipeline': ('train_dataloader',),
    'test_pipeline': ('val_dataloader', 'test_dataloader'),
}
# Read by inference and by tools, beside the runner.
TOOL_ENTRIES = ('detector',)
# Names a config may keep for its own use beside what the runner takes.
LOCAL_NAMES = ('dataset_type', 'custom_imports', 'keypoint_set')


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a text config, apply options, and refuse what nothing would read.

    An option on a shared entry, such as ``body_model.path=...``, ``data_root=...`` or
    ``test_pipeline.2.margin=1.2``, reaches every place of the config that holds the same value
    under the name of the entry (``pipeline`` for the pipelines). A child config reaches only the
    places that it names itself.

    Args:
        path: Config file.
        options: Dotted keys and values, as given with ``--cfg-options``.

    Raises:
        FileNotFoundError: no config at ``path``.
        KeyError: a top-level key that neither the runner nor a shared entry uses, a shared entry or
            an option on one that reaches no place of the config, or a pipeline that the file writes
            and no loader gets.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected a config file, found none at {path.absolute()}')
    cfg = Config.fromfile(path)
    for key, value in (options or {}).items():
        _apply_option(cfg, key, value)
    check_top_level_keys(cfg, str(path))
    check_shared_entries(cfg, str(path))
    if path.suffix == '.py':
        check_own_pipelines(cfg, path)
    return cfg


def splits_of(cfg: Config) -> list[str]:
    """The splits that a config has a data loader for, out of :data:`SPLITS`."""
    return [split for split in SPLITS if cfg.get(f'{split}_dataloader') is not None]


def loader_of(cfg: Config, split: str) -> ConfigDict:
    """Config of the data loader of a split.

    Raises:
        KeyError: there is none; the message lists the splits that have one.
    """
    if split not in splits_of(cfg):
        known = ', '.join(splits_of(cfg)) or 'no data loader'
        raise KeyError(f'{cfg.filename or "the config"} has no {split}_dataloader; it has: {known}')
    return cfg[f'{split}_dataloader']


def check_top_level_keys(cfg: Config, where: str) -> None:
    """Raise KeyError if ``cfg`` has a top-level key that nothing reads.

    A misspelt key of a text config is otherwise ignored without a word.
    """
    from mmengine.runner import Runner  # takes seconds, and the --help of tools reads no config

    arguments = inspect.signature(Runner.__init__).parameters
    known = {*arguments, *RUNNER_EXTRAS, *SHARED_ENTRIES, *TOOL_ENTRIES, *LOCAL_NAMES}
    unknown = sorted(set(cfg) - known)
    if unknown:
        raise KeyError(
            f'{where} sets {", ".join(unknown)}, which nothing reads. Correct the spelling; known '
            f'top-level keys: {", ".join(sorted(known - {"self", "cfg"}))}'
        )


def check_shared_entries(cfg: Config, where: str) -> None:
    """Raise KeyError if a shared entry has another value than every place that it is written for.

    A child config that changes the entry alone changes nothing that is read.
    """
    # Of pipelines only those that a file writes: a loader may have one of its own, and one that is
    # inherited be left over.
    for entry in ('body_model', 'data_root'):
        places = _places(cfg, entry)
        if entry in cfg and places and cfg[entry] not in [node[entry] for node in places.values()]:
            raise KeyError(
                f'{where} sets {entry}, which nothing reads: the values in use are those of '
                f'{", ".join(f"{path}.{entry}" for path in places)}. Set them there, or leave '
                f'{entry} as it is and use --cfg-options {entry}=..., which reaches all of them'
            )


def check_own_pipelines(cfg: Config, path: Path) -> None:
    """Raise KeyError if a file writes a pipeline at the top and none into its loaders.

    A child config has to name the loader: that of its base keeps the pipeline of the base.
    """
    statements = ast.parse(path.read_text(encoding='utf-8')).body
    places = _places(cfg, 'pipeline')
    for entry, loaders in PIPELINE_LOADERS.items():
        unread = [place for place in places if place.split('.')[0] in loaders]
        if (
            unread
            and any(entry in _assigned(each) for each in statements)
            and not any(_writes_pipeline(each, loaders) for each in statements)
            and cfg[entry] not in [node['pipeline'] for node in places.values()]
        ):
            raise KeyError(
                f'{path} sets {entry}, which nothing reads: the pipelines in use are those of '
                f'{", ".join(f"{place}.pipeline" for place in unread)}. Set them as well, for '
                f'example {loaders[0]}=dict(dataset=dict(pipeline={entry}))'
            )


def _assigned(statement: ast.stmt) -> set[str]:
    """Names that a statement writes."""
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def _writes_pipeline(statement: ast.stmt, loaders: Sequence[str]) -> bool:
    """Whether a statement is about one of the loaders and an entry ``pipeline``."""
    nodes = list(ast.walk(statement))
    words = {getattr(node, attribute, None) for node in nodes for attribute in ('arg', 'value')}
    return any(isinstance(node, ast.Name) and node.id in loaders for node in nodes) and (
        'pipeline' in words
    )


def _apply_option(cfg: Config, key: str, value: Any) -> None:
    entry = key.split('.')[0]
    name, holders = SHARED_ENTRIES.get(entry), []
    if name and entry in cfg:
        places = _places(cfg, name)
        holders = [node for node in places.values() if node[name] == cfg[entry]]
        if places and not holders:
            raise KeyError(
                f'--cfg-options {key} would change {entry}, which nothing reads: the values in use '
                f'are those of {", ".join(f"{path}.{name}" for path in places)}; name one of them'
            )
    cfg.merge_from_dict({key: value})
    for holder in holders:
        holder[name] = copy.deepcopy(cfg[entry])


def _places(cfg: Config, name: str) -> dict[str, dict]:
    """The dicts below the top level that have an entry, by their dotted path."""
    return {path: node for path, node in _dicts(cfg._cfg_dict) if path and name in node}


def _dicts(node: Any, path: str = '') -> Iterator[tuple[str, dict]]:
    """Dotted path and value of every dict inside nested dicts and lists, the outermost first."""
    if isinstance(node, dict):
        yield path, node
    if isinstance(node, dict | list | tuple):
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in list(children):
            yield from _dicts(child, f'{path}.{key}' if path else str(key))
