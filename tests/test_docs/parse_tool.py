"""Parse a command line with the parser of its tool, and look whether its configs bear it.

python parse_tool.py RESULT TOOL [ARGUMENTS]: runs the tool up to its parsed arguments. Writes what
is wrong to RESULT, nothing if all is well. PYTHONPATH of the command counts, not that of the test.
"""

import argparse
import glob
import inspect
import os
import runpy
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Parsed(BaseException):
    """The tool has parsed its arguments."""


def parse(tool: str, arguments: list[str]) -> argparse.Namespace:
    """What the parser of a tool makes of its arguments."""
    original = argparse.ArgumentParser.parse_args

    def parse_and_leave(parser, *args, **kwargs):
        raise Parsed(original(parser, *args, **kwargs))

    argparse.ArgumentParser.parse_args = parse_and_leave
    sys.argv = [tool, *arguments]
    try:
        runpy.run_path(tool, run_name='__main__')
    except Parsed as parsed:
        return parsed.args[0]
    raise ValueError(f'{tool} parses no arguments')


def configs(namespace: argparse.Namespace) -> list[str]:
    """Arguments that name a config."""
    values = [value for value in vars(namespace).values() if isinstance(value, str | list)]
    words = [word for value in values for word in ([value] if isinstance(value, str) else value)]
    return [word for word in words if isinstance(word, str) and word.endswith('.py')]


def check_options(path: str, options: dict) -> None:
    """Raise unless every option names an entry of the config or an argument of a part of it."""
    import dpmesh_plugin.datasets
    import dpmesh_plugin.engine
    import dpmesh_plugin.evaluation
    import dpmesh_plugin.models
    import dpmesh_plugin.visualization  # noqa: F401
    from dpmesh_plugin.utils.config import load_config

    cfg = load_config(path)
    for option in options:
        check_option(cfg, option, path)
    if options:
        load_config(path, options)


def check_option(cfg: Any, option: str, path: str) -> None:
    """Raise KeyError unless a dotted key names an entry of a config or an argument of a part."""
    *parents, last = option.split('.')
    node = cfg
    for parent in parents:
        if not hasattr(node, 'get') or node.get(parent) is None:
            if parent in arguments_of(node):
                return  # a dict of options that the config leaves out
            raise KeyError(f'{option}: {path} has no {parent}')
        node = by_key(node[parent])
    if last not in node and last not in arguments_of(node):
        raise KeyError(f'{option}: {path} has no {last} there, and the part takes no such one')


def by_key(node: Any) -> Any:
    """A list as a dict of its numbers, which are its keys in an option; anything else as it is."""
    return {str(number): each for number, each in enumerate(node)} if type(node) is list else node


def arguments_of(node: dict) -> list[str]:
    """Arguments of the registered class that a node of a config names, if it names one."""
    import dpmesh_plugin.registry as registries

    kind = node.get('type') if hasattr(node, 'get') else None
    for registry in vars(registries).values():
        if isinstance(registry, registries.Registry) and kind in registry.module_dict:
            return list(inspect.signature(registry.get(kind)).parameters)
    return []


def main() -> None:
    result, tool, *arguments = sys.argv[1:]
    own = os.environ.get('COMMAND_PATH')
    sys.path[:] = [path for path in sys.path if Path(path or '.').resolve() != ROOT]
    sys.path[:0] = [own] if own else []
    arguments = [word for each in arguments for word in (sorted(glob.glob(each)) or [each])]
    problems = []
    try:
        namespace = parse(tool, arguments)
        options = getattr(namespace, 'cfg_options', None) or {}
        for path in configs(namespace):
            own = path == getattr(namespace, 'config', path)
            check_options(path, options if own else {})
    except SystemExit as leave:
        problems.append(f'the parser of {tool} refuses it (exit {leave.code})')
    except Exception as error:
        problems.append(f'{type(error).__name__}: {error}')
    Path(result).write_text('\n'.join(problems))


if __name__ == '__main__':
    main()
