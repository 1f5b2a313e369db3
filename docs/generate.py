"""Pages that are written from the repository itself: configs, projects, registered parts.

``docs/conf.py`` calls this before every build; what it writes lies in ``docs/generated`` and is not
kept under version control.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / 'docs' / 'generated'
PROJECTS = ROOT / 'projects'
CONFIG_FOLDERS = {
    'configs': 'Published tables, and what stands in for them',
    'configs/demo': 'Demo',
    'configs/baselines': 'Baselines',
    'configs/ablations': 'Ablations',
    'configs/pretrain': 'Pretraining of the prior',
    'configs/scale_out': 'Sharded training',
    'projects/*/configs': 'Projects',
}
# Rooms whose functions are worth a page, beside what is registered.
MODULES = (
    'geometry.rotation',
    'geometry.camera',
    'geometry.affine',
    'geometry.boxes',
    'geometry.alignment',
    'structures.mesh_data_sample',
    'structures.prompt',
    'structures.keypoint_sets',
    'structures.visibility',
    'evaluation.functional',
)


def write_pages() -> None:
    """Write all pages anew; leave those that have not changed as they are."""
    pages = {
        'configs.md': configs_page(),
        'api/index.md': api_index(),
        'api/functions.md': functions_page(),
    }
    pages |= {f'api/{name}.md': text for name, text in registry_pages().items()}
    for readme in [PROJECTS / 'README.md', *sorted(PROJECTS.glob('*/README.md'))]:
        pages[page_of(readme).removeprefix('generated/')] = project_page(readme)
    for path in OUT.rglob('*.md'):
        if str(path.relative_to(OUT)) not in pages:
            path.unlink()
    for name, text in pages.items():
        path = OUT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def page_of(file: Path) -> str | None:
    """The page, relative to docs/, that shows a file of the repository; None if there is none."""
    if file.name != 'README.md' or PROJECTS not in file.parents:
        return None
    name = 'index' if file.parent == PROJECTS else file.parent.name
    return f'generated/projects/{name}.md'


def configs_page() -> str:
    """A table of all configs with the first sentence of each."""
    lines = ['# Index of configs', '', 'What each config says of itself, by folder.', '']
    for folder, title in CONFIG_FOLDERS.items():
        lines += [f'## {title}', '', '| config | what it is |', '|---|---|']
        for path in sorted(ROOT.glob(f'{folder}/*.py')):
            summary = ast.get_docstring(ast.parse(path.read_text())) or ''
            lines.append(f'| `{path.relative_to(ROOT)}` | {first_paragraph(summary)} |')
        lines.append('')
    return '\n'.join(lines)


def first_paragraph(text: str) -> str:
    """The first paragraph of a docstring as one line of a table."""
    return ' '.join(text.partition('\n\n')[0].split()).replace('|', '\\|').replace('``', '`')


def project_page(readme: Path) -> str:
    """A README of a project with its links and pictures as seen from its page."""

    def replace(match: re.Match) -> str:
        text, target, anchor = match.groups()
        file = (readme.parent / target).resolve()
        page = page_of(file)
        if page is not None:
            return f'[{text}]({Path(page).name}{anchor or ""})'
        if file.parent == ROOT / 'docs':
            return f'[{text}](../../{file.name}{anchor or ""})'
        return f'[{text}](path:../../../{file.relative_to(ROOT)})'

    text = re.sub(
        r'(?<!!)\[([^\]]*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)', replace, readme.read_text()
    )
    folder = readme.parent.relative_to(ROOT).as_posix()
    text = re.sub(r'!\[([^\]]*)\]\((?!\w+:)', rf'![\1](../../../{folder}/', text)
    if readme.parent == PROJECTS:
        text += '\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n'
    return text


def registries() -> dict[str, dict[str, type]]:
    """Components of this package by the name of their registry, registries without any left out."""
    from dpmesh_plugin import registry

    found = {}
    for name, node in vars(registry).items():
        if isinstance(node, registry.ListingRegistry):
            node.import_from_location()
            own = {
                key: part
                for key, part in sorted(node.module_dict.items())
                if part.__module__.startswith('dpmesh_plugin.')
            }
            if own:
                found[name] = own
    return found


def registry_pages() -> dict[str, str]:
    """A page for every registry: each part with its arguments."""
    pages = {}
    for name, parts in registries().items():
        lines = [f'# {name}', '', 'What a config may name here, and its arguments.', '']
        for key, part in parts.items():
            kind = 'autoclass' if isinstance(part, type) else 'autofunction'
            lines += [f'## {key}', '', '```{eval-rst}']
            lines += [f'.. {kind}:: {part.__module__}.{part.__qualname__}', '```', '']
        pages[name.lower()] = '\n'.join(lines)
    return pages


def functions_page() -> str:
    """Pure functions and containers, by module."""
    lines = ['# Functions and containers', '']
    for name in MODULES:
        lines += [f'## {name}', '', '```{eval-rst}']
        lines += [f'.. automodule:: dpmesh_plugin.{name}', '   :members:', '```', '']
    return '\n'.join(lines)


def api_index() -> str:
    """The page above those of the registries."""
    return (
        '# API reference\n\nEvery part that a config can name, by registry, and the functions of '
        'geometry and evaluation.\n\n```{toctree}\n:glob:\n:maxdepth: 2\n\n*\n```\n'
    )
