import math

import pytest

from dpmesh_plugin.utils import io
from dpmesh_plugin.utils.io import atomic_write, dump_json, load_json, remove_path, replace_durably


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / 'a' / 'result.json'
    dump_json({'value': 1}, path)
    with pytest.raises(RuntimeError, match='boom'), atomic_write(path) as temporary:
        temporary.write_text('half')
        raise RuntimeError('boom')
    assert load_json(path) == {'value': 1}
    assert [file.name for file in path.parent.iterdir()] == ['result.json']


def test_nan_is_refused(tmp_path):
    with pytest.raises(ValueError, match='JSON compliant'):
        dump_json({'value': float('nan')}, tmp_path / 'result.json')
    assert list(tmp_path.iterdir()) == []


def test_load_names_the_missing_and_the_broken_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / 'no.json')):
        load_json(tmp_path / 'no.json')
    (tmp_path / 'broken.json').write_text('{"a": ')
    with pytest.raises(ValueError, match='broken.json is not valid JSON.*line 1'):
        load_json(tmp_path / 'broken.json')


@pytest.mark.parametrize('fast', [True, False])
def test_load_is_the_same_with_and_without_the_fast_parser(tmp_path, monkeypatch, fast):
    if fast:
        pytest.importorskip('orjson')
    else:
        monkeypatch.setattr(io, 'orjson', None)
    path = tmp_path / 'a.json'
    path.write_text('{"a": [1, 2.5, null, true, "\\u00e9"], "id": 9007199254740993}')
    assert load_json(path) == {'a': [1, 2.5, None, True, 'é'], 'id': 9007199254740993}
    path.write_text('[NaN, -Infinity]')
    assert math.isnan(load_json(path)[0])
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ValueError, match='a.json is not valid JSON'):
        load_json(path)


def test_a_folder_takes_the_place_of_another(tmp_path):
    new, old = tmp_path / 'new', tmp_path / 'old'
    for folder in (new, old):
        folder.mkdir()
        (folder / folder.name).touch()
    replace_durably(new, old)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*')] == [
        'old',
        'old/new',
    ]
    remove_path(old)
    remove_path(old)
    assert not old.exists()
