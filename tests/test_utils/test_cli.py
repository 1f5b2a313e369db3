"""What the command-line tools share."""

import json

import pytest

from dpmesh_plugin.utils.cli import bad_input_ends


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (KeyError('no set "coco_99"'), 'convert: no set "coco_99"'),
        (ValueError('expected 30 joints, got 17'), 'convert: expected 30 joints, got 17'),
    ],
)
def test_bad_input_ends_with_its_message(monkeypatch, error, message):
    monkeypatch.setattr('sys.argv', ['tools/convert.py'])
    with pytest.raises(SystemExit) as ended, bad_input_ends():
        raise error
    assert ended.value.code == message


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr('sys.argv', ['convert.py'])
    expected = r'convert: .*No such file.*missing\.json'
    with pytest.raises(SystemExit, match=expected), bad_input_ends():
        json.loads((tmp_path / 'missing.json').read_text())


def test_another_exit_code(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['convert.py'])
    with pytest.raises(SystemExit) as ended, bad_input_ends(code=2):
        raise ValueError('no result')
    assert ended.value.code == 2
    assert capsys.readouterr().err == 'convert: no result\n'


def test_other_errors_keep_their_traceback():
    with pytest.raises(TypeError), bad_input_ends():
        raise TypeError('a mistake of ours')
