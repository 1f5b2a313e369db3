from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _default_scope():
    """The scope is process-wide, so a test must not inherit it from another."""
    init_default_scope('dpmesh_plugin')


@pytest.fixture(scope='session')
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """Reference values and photographs that lie beside the repository where they are at hand."""
    folder = ROOT.parent / 'shared'
    if not (folder / 'parity').is_dir():
        pytest.skip('the reference set is not beside this checkout')
    return folder
