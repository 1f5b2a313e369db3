"""What the documents refer to exists: links, paths and options in inline code."""

import contextlib
import re

import pytest
from documents import FENCE, ROOT, documents, inline_code
from parse_tool import check_option

import dpmesh_plugin.apis.detectors
import dpmesh_plugin.datasets
import dpmesh_plugin.engine
import dpmesh_plugin.models  # noqa: F401
from dpmesh_plugin.utils.config import load_config

LINK = re.compile(r'\[[^\]]*\]\((?!\w+://)(?:path:)?([^)#\s]+)?(?:#[^)\s]*)?\)')
PATH = re.compile(r'^(?:configs|docs|dpmesh_plugin|projects|requirements|tests|tools)/[\w./*-]+')
OPTION = re.compile(r'(?<![\w-])--[a-z][\w-]*')
ENTRY = re.compile(r'(?<![\w.])([a-z_]+(?:\.\w+)+)=')
# An entry that a document names must be one of these; docs/quirks.md counts from the model.
CONFIGS = (
    'dpmesh_synth_oc_tiny',
    'dpmesh_synth_oc_small',
    'dpmesh_3dpw_oc',
    'demo/dpmesh_demo',
    'ablations/backbone_swin',
    '_base_/detectors/rtmpose',
)
# Of other programs.
FOREIGN = {'--no-deps', '--no-build-isolation', '--editable', '--requeue', '--save-predictions'}
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
    folders = (ROOT / 'tools', ROOT / 'dpmesh_plugin' / 'utils', page.parent)
    sources = [path for folder in folders for path in folder.rglob('*.py')]
    known = {option for path in sources for option in OPTION.findall(path.read_text())} | FOREIGN
    named = {option for code in inline_code(page.read_text()) for option in OPTION.findall(code)}
    assert not named - known


@pytest.fixture(scope='module')
def configs():
    return {name: load_config(ROOT / 'configs' / f'{name}.py') for name in CONFIGS}


@pages
def test_entries_in_inline_code_exist(page, configs):
    def exists(entry):
        for name, cfg in configs.items():
            for option in (entry, f'model.{entry}'):
                with contextlib.suppress(KeyError):
                    check_option(cfg, option, name)
                    return True
        return False

    named = {entry for code in inline_code(page.read_text()) for entry in ENTRY.findall(code)}
    absent = sorted(entry for entry in named if not exists(entry))
    assert not absent


def test_the_map_of_the_house_has_every_room():
    rooms = {path.parent.name for path in (ROOT / 'dpmesh_plugin').glob('*/__init__.py')}
    named = set(inline_code((ROOT / 'docs' / 'house.md').read_text()))
    assert not rooms - named
