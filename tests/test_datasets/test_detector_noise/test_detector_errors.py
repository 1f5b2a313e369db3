import json
from dataclasses import fields, replace

import numpy as np
import pytest

from dpmesh_plugin.datasets.detector_noise import read_errors, write_errors


def test_round_trip_through_a_file(errors, tmp_path):
    write_errors(errors, tmp_path / 'a.json')
    again = read_errors(tmp_path / 'a.json')
    for field in fields(errors):
        before, after = getattr(errors, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_allclose(after, before, atol=1e-4)
        else:
            assert after == before


def test_one_row_stands_for_what_was_not_measured(errors, tmp_path):
    miss = errors.miss.copy()
    miss[1:] = 0.25
    write_errors(replace(errors, miss=miss, measured=('visible',)), tmp_path / 'a.json')
    content = json.loads((tmp_path / 'a.json').read_text())
    assert set(content['miss']) == {'visible', 'any'}
    again = read_errors(tmp_path / 'a.json')
    assert (again.miss[1:] == 0.25).all()
    assert again.measured == ('visible',)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'jitter': np.zeros(16)},
            r'jitter must be \(17,\) numbers of at least 0, got .*\(16,',
        ),
        ({'miss': np.full((6, 17), 1.5)}, 'miss holds shares, expected at most 1'),
        ({'side_swap': np.full(17, np.nan)}, 'side_swap must be'),
        ({'spread': np.full(6, -1.0)}, 'spread must be'),
    ],
)
def test_numbers_that_are_none(errors, changes, message):
    with pytest.raises(ValueError, match=message):
        replace(errors, **changes)


def test_bad_files_are_named(errors, tmp_path):
    path = tmp_path / 'a.json'
    write_errors(errors, path)
    good = json.loads(path.read_text())
    for edit, error, message in (
        (lambda c: c.update(version=2), ValueError, 'a.json: expected .* version 1, got 2'),
        (lambda c: c.pop('miss'), KeyError, "a.json: no entry 'miss'"),
        (lambda c: c['jitter'].pop('nose'), KeyError, "a.json: no entry 'nose'"),
        (lambda c: c['jitter'].update(nose=-1), ValueError, 'a.json: jitter must be'),
        (lambda c: c.update(keypoint_set='coco'), KeyError, "unknown keypoint set 'coco'"),
        (lambda c: c.update(threshold='low'), ValueError, 'a.json: could not convert'),
    ):
        content = json.loads(json.dumps(good))
        edit(content)
        path.write_text(json.dumps(content))
        with pytest.raises(error, match=message):
            read_errors(path)
    path.write_text('[]')
    with pytest.raises(ValueError, match='version 1, got .list'):
        read_errors(path)
