"""Execute the Python blocks of a document in their order, and check the parts they configure.

python run_blocks.py DOCUMENT: all blocks share one set of names. A block with ``_base_`` is a
config: it is written beside its base and loaded. Whatever a block sets is then searched for dicts
with a ``type``; each must be a registered part, and its other keys arguments of it.
"""

import ast
import inspect
import re
import sys
from pathlib import Path

from mmengine.registry import init_default_scope

import dpmesh_plugin.registry as registries
from dpmesh_plugin.utils.config import load_config

sys.path[:0] = [str(Path(__file__).parent), '.']
from documents import TABLE, python_blocks  # noqa: E402 - found beside this file

IMPORTS = (ast.Import, ast.ImportFrom)
# What mmengine takes out of a config before it builds the part.
TAKEN_OUT = {'type', '_delete_', '_scope_', 'constructor', 'paramwise_cfg', 'priority'}


def main() -> None:
    document = sys.argv[1]
    row = TABLE['python'].get(document, {})
    init_default_scope('dpmesh_plugin')
    for node in vars(registries).values():
        if isinstance(node, registries.ListingRegistry):
            node.import_from_location()
    names = {'__name__': '__doc_block__', **row.get('given', {})}
    given = set(names)
    for path, line, body in python_blocks():
        if path != document:
            continue
        for shown, real in row.get('replace', {}).items():
            body = body.replace(shown, real)
        if 'only_imports' in row:
            imports = [each for each in ast.parse(body).body if isinstance(each, IMPORTS)]
            body = ast.unparse(ast.Module(imports, []))
        try:
            if re.search(r'^_base_ = ', body, re.M):
                check_parts(load_block(body))
            else:
                exec(compile(body, f'{path}:{line}', 'exec'), names)
                check_parts({name: names[name] for name in set(names) - given})
        except Exception as error:
            raise SystemExit(f'{path}, line {line}: {type(error).__name__}: {error}') from error


def load_block(body: str) -> dict:
    """The config that a block shows, written to the folder of configs where its bases are."""
    statements = ast.parse(body).body
    named = next(
        each.value
        for each in statements
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == '_base_'
    )
    bases = ast.literal_eval(named)
    bases = [bases] if isinstance(bases, str) else bases
    inner = [path for path in Path('configs').rglob('*') if path.is_dir()]
    folders = [Path('configs'), *inner, Path()]
    folder = next(each for each in folders if all((each / base).is_file() for base in bases))
    file = folder / 'doc_block.py'
    file.write_text(body)
    try:
        return dict(load_config(file)._cfg_dict)
    finally:
        file.unlink()


def check_parts(node: object) -> None:
    """Raise KeyError where a dict names an unknown part or an argument the part does not take."""
    if isinstance(node, dict):
        if isinstance(node.get('type'), str):
            check_part(node)
        node = list(node.values())
    if isinstance(node, list | tuple):
        for child in node:
            check_parts(child)


def check_part(node: dict) -> None:
    """Raise KeyError unless a dict names a registered part and arguments of it."""
    kind = node['type']
    nodes = [each for each in vars(registries).values() if isinstance(each, registries.Registry)]
    found = [part for each in nodes if (part := each.module_dict.get(kind.split('.')[-1]))]
    for each in nodes:
        if not found and each.parent is not None:
            found = [part] if (part := each.parent.module_dict.get(kind)) else []
    if not found:
        raise KeyError(f'nothing registered is called {kind!r}')
    parameters = inspect.signature(found[0]).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    unknown = sorted(set(node) - TAKEN_OUT - set(parameters))
    if unknown:
        raise KeyError(f'{kind} takes no {unknown}; it takes {list(parameters)}')


if __name__ == '__main__':
    main()
