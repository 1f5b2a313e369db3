"""Who may import whom, as docs/house.md says."""

import ast
import re
from pathlib import Path

import pytest

# A room may import those of the rows above and of its own row.
ROWS = (
    {'geometry', 'utils', 'registry', 'version'},
    {'structures'},
    {'body_models', 'rendering'},
    {'datasets', 'synthesis', 'models', 'evaluation', 'visualization', 'converters'},
    {'engine', 'parity', 'profiling', 'robustness'},
    {'apis'},
)
# Except for these of its own row.
SEPARATE = {
    'models': {'datasets', 'evaluation', 'synthesis', 'visualization', 'converters'},
    'datasets': {'models', 'evaluation', 'synthesis', 'visualization', 'converters'},
    'evaluation': {'models', 'datasets', 'synthesis', 'visualization', 'converters'},
    'synthesis': {'models', 'datasets', 'evaluation', 'visualization', 'converters'},
    'visualization': {'models', 'datasets', 'evaluation', 'synthesis', 'converters'},
}
LEVEL = {room: level for level, row in enumerate(ROWS) for room in row}
PACKAGE = Path(__file__).resolve().parents[1] / 'dpmesh_plugin'


def _imported_rooms(path: Path) -> set[str]:
    parts = ('dpmesh_plugin', *path.relative_to(PACKAGE).with_suffix('').parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else ()
            module = (*base, *(node.module or '').split('.')) if node.module else base
            names = [(*module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [tuple(alias.name.split('.')) for alias in node.names]
        else:
            continue
        found |= {name[1] for name in names if name[0] == 'dpmesh_plugin' and len(name) > 1}
    return found & set(LEVEL)


def test_every_room_has_a_row():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in '._'}
    assert rooms == set(LEVEL)


def test_the_page_shows_the_same_rows():
    page = (PACKAGE.parent / 'docs' / 'house.md').read_text()
    shown = [set() for _ in ROWS]
    for tier, names in re.findall(r'^\| (\d) \| (.+?) \|', page, re.M):
        shown[int(tier) - 1] |= set(re.findall(r'`(\w+)(?:\.py)?`', names))
    assert tuple(shown) == ROWS


@pytest.mark.parametrize('room', sorted(LEVEL))
def test_a_room_imports_only_rooms_above(room):
    files = [PACKAGE / f'{room}.py'] if (PACKAGE / f'{room}.py').exists() else []
    for path in [*files, *(PACKAGE / room).rglob('*.py')]:
        for other in _imported_rooms(path) - {room}:
            assert LEVEL[other] <= LEVEL[room], f'{path} imports {other}'
            assert other not in SEPARATE.get(room, set()), f'{path} imports {other}'
