"""What the documents refer to exists: links, paths and options in inline code."""

import re

import pytest
from documents import FENCE, ROOT, documents, inline_code

LINK = re.compile(r'\[[^\]]*\]\((?!\w+://)(?:path:)?([^)#\s]+)?(?:#[^)\s]*)?\)')
PATH = re.compile(r'^(?:configs|docs|dpmesh_plugin|projects|requirements|tests|tools)/[\w./*-]+')
OPTION = re.compile(r'(?<![\w-])--[a-z][\w-]*')
# Of other programs.
FOREIGN = {'--no-deps', '--no-build-isolation', '--editable', '--requeue'}
WRITTEN_BY_THE_BUILD = 'generated/'

pages = pytest.mark.parametrize('page', documents(), ids=lambda path: str(path.relative_to(ROOT)))


@pages
def test_links_lead_somewhere(page):
    targets = [target for target in LINK.findall(FENCE.sub('', page.read_text())) if target]
    absent = [
        target
        for target in targets
        if not target.startswith(WRITTEN_BY_THE_BUILD) and not (page.parent / target).exists()
    ]
    assert not absent


@pages
def test_paths_in_inline_code_exist(page):
    paths = [match[0] for code in inline_code(page.read_text()) if (match := PATH.match(code))]
    absent = [
        path
        for path in paths
        if not any(list(root.glob(path.rstrip('./'))) for root in (ROOT, page.parent))
    ]
    assert not absent


@pages
def test_options_in_inline_code_exist(page):
    sources = [*(ROOT / 'tools').rglob('*.py'), ROOT / 'dpmesh_plugin' / 'utils' / 'cli.py']
    known = {option for path in sources for option in OPTION.findall(path.read_text())} | FOREIGN
    named = {option for code in inline_code(page.read_text()) for option in OPTION.findall(code)}
    assert not named - known


def test_the_map_of_the_house_has_every_room():
    rooms = {path.parent.name for path in (ROOT / 'dpmesh_plugin').glob('*/__init__.py')}
    named = set(inline_code((ROOT / 'docs' / 'house.md').read_text()))
    assert not rooms - named
