"""Reading a config: shared entries and unknown keys."""

import copy
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

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
# Written once at the top of a config and used in several parts of it.
SHARED_ENTRIES = ('body_model', 'data_root')
# Read by inference and by tools, beside the runner.
TOOL_ENTRIES = ('detector',)
# Names a config may keep for its own use beside what the runner takes.
LOCAL_NAMES = ('train_pipeline', 'test_pipeline', 'dataset_type', 'custom_imports', 'keypoint_set')


def load_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read a text config, apply options, and refuse what nothing would read.

    An option on a shared entry, such as ``body_model.path=...`` or ``data_root=...``, reaches every
    place of the config that holds the same value under the same name.

    Args:
        path: Config file.
        options: Dotted keys and values, as given with ``--cfg-options``.

    Raises:
        FileNotFoundError: no config at ``path``.
        KeyError: a top-level key that neither the runner nor a shared entry uses.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected a config file, found none at {path.absolute()}')
    cfg = Config.fromfile(path)
    for key, value in (options or {}).items():
        _apply_option(cfg, key, value)
    check_top_level_keys(cfg, str(path))
    return cfg


def check_top_level_keys(cfg: Config, where: str) -> None:
    """Raise KeyError if ``cfg`` has a top-level key that nothing reads.

    A misspelt key of a text config is otherwise ignored without a word.
    """
    arguments = inspect.signature(Runner.__init__).parameters
    known = {*arguments, *RUNNER_EXTRAS, *SHARED_ENTRIES, *TOOL_ENTRIES, *LOCAL_NAMES}
    unknown = sorted(set(cfg) - known)
    if unknown:
        raise KeyError(
            f'{where} sets {", ".join(unknown)}, which nothing reads. Correct the spelling; known '
            f'top-level keys: {", ".join(sorted(known - {"self", "cfg"}))}'
        )


def _apply_option(cfg: Config, key: str, value: Any) -> None:
    name = key.split('.')[0]
    holders = []
    if name in SHARED_ENTRIES and name in cfg:
        old = cfg[name]
        holders = [node for node in _dicts(cfg._cfg_dict) if name in node and node[name] == old]
    cfg.merge_from_dict({key: value})
    for holder in holders:
        holder[name] = copy.deepcopy(cfg[name])


def _dicts(node: Any) -> Iterator[dict]:
    """Every dict inside nested dicts and lists, the outermost first."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            yield from _dicts(child)
