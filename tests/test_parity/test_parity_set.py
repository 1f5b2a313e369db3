import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.parity import ParitySet, check_parity


@pytest.fixture
def own_set(repo_root, tmp_path) -> Path:
    """A copy of our own set, to be spoilt."""
    shutil.copytree(repo_root / 'tests/data/parity', tmp_path / 'set')
    return tmp_path / 'set'


def _edit(path: Path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_missing_places_are_named(own_set, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'directory of recorded numbers.*nowhere'):
        ParitySet(tmp_path / 'nowhere', 'tiny')
    with pytest.raises(ValueError, match="a size out of tiny, full, got 'huge'"):
        ParitySet(own_set, 'huge')
    with pytest.raises(FileNotFoundError, match=r'full/manifest\.json.*sizes in .*: tiny'):
        ParitySet(own_set, 'full')
    (own_set / 'tiny/inputs.npz').unlink()
    with pytest.raises(FileNotFoundError, match=r'inputs of the model at .*inputs\.npz'):
        check_parity(own_set, 'tiny')


def test_manifest_must_be_one(own_set):
    manifest = own_set / 'tiny/manifest.json'
    _edit(manifest, lambda content: content['keys'][3].pop('shape'))
    with pytest.raises(KeyError, match=r'manifest\.json: row 3 lacks shape'):
        ParitySet(own_set, 'tiny')
    manifest.write_text('{"rows": []}')
    with pytest.raises(ValueError, match=r"expected a list 'keys' of parameters, found \['rows'\]"):
        ParitySet(own_set, 'tiny')
    manifest.write_text('{')
    with pytest.raises(ValueError, match='is not valid JSON'):
        ParitySet(own_set, 'tiny')


def test_manifest_must_be_complete(own_set):
    manifest = own_set / 'tiny/manifest.json'

    def drop(*ends):
        def change(content):
            content['keys'] = [row for row in content['keys'] if not row['key'].endswith(ends)]

        return change

    _edit(manifest, drop('transformer.smpl_tgt'))
    with pytest.raises(ValueError, match=r'1 tensors are missing: transformer\.smpl_tgt'):
        check_parity(own_set, 'tiny')
    _edit(manifest, drop('conv2d_to_3d.weight'))
    with pytest.raises(KeyError, match=r"no parameter 'conv2d_to_3d\.weight', which tells a size"):
        check_parity(own_set, 'tiny')


def test_damaged_arrays_are_named(own_set):
    path = own_set / 'tiny/inputs.npz'
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r'inputs\.npz is not a readable npz file'):
        check_parity(own_set, 'tiny')
    np.savez(path, img_u8=np.zeros(3))
    with pytest.raises(KeyError, match=r'inputs\.npz lacks joints, joints_mask'):
        check_parity(own_set, 'tiny')


def test_set_must_say_its_body(own_set):
    manifest = own_set / 'tiny/manifest.json'
    _edit(manifest, lambda content: content['summary'].update(body_model='openbody-0'))
    with pytest.raises(ValueError, match="recorded with body 'openbody-0', the open body .* is"):
        check_parity(own_set, 'tiny')
    _edit(manifest, lambda content: content['summary'].pop('body_model'))
    with pytest.raises(FileNotFoundError, match=r'synthetic_body\.npz'):
        check_parity(own_set, 'tiny')
