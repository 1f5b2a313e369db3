import numpy as np
import pytest

from dpmesh_plugin.evaluation.sequences import accelerations, consecutive_frames


def _columns(rows):
    sequence, track, frame = zip(*rows, strict=True)
    return {
        'sample_idx': np.arange(len(rows)) + 100,
        'sequence': np.array(sequence),
        'track_id': np.array(track),
        'frame_idx': np.array(frame, dtype=float),
    }


def test_frames_of_one_person_in_order_without_gaps():
    rows = [('a', '0', 3), ('a', '1', 1), ('a', '0', 2), ('a', '1', 3), ('a', '0', 1)]
    rows += [('a', '1', 2), ('b', '0', 4), ('a', '0', 5), ('a', '0', 6), ('a', '0', 7)]
    found = consecutive_frames(_columns(rows))
    assert found.tolist() == [[4, 2, 0], [7, 8, 9], [1, 5, 3]]


def test_samples_without_a_place_are_left_out():
    rows = [('a', '0', 1), ('', '0', 2), ('a', '', 2), ('a', '0', np.nan), ('a', '0', 3)]
    assert consecutive_frames(_columns(rows)).shape == (0, 3)


def test_two_persons_under_one_name_are_named():
    rows = [('a', '0', 1), ('a', '0', 2), ('b', '0', 2), ('a', '0', 2)]
    with pytest.raises(ValueError, match='samples 101 and 103 are both frame 2 of person 0'):
        consecutive_frames(_columns(rows))


def test_acceleration_by_hand():
    columns = _columns([('a', '0', 1), ('a', '0', 2), ('a', '0', 3)])
    columns['set/true'] = np.zeros((3, 2, 3))
    columns['set/predicted'] = np.zeros((3, 2, 3))
    columns['set/predicted'][1, 0] = [0.003, 0, 0.004]
    errors, reason = accelerations(columns, 'set')
    np.testing.assert_allclose(errors, [[10, 0]])
    assert reason is None


@pytest.mark.parametrize(
    ('rows', 'reason'),
    [
        ([('', '', np.nan)] * 3, 'the samples state no sequence, track_id, frame_idx'),
        ([('a', '', 1), ('a', '', 2)], 'the samples state no track_id'),
        ([('a', '0', 1), ('a', '0', 3)], 'no person is there in three frames'),
    ],
)
def test_no_acceleration_has_a_reason(rows, reason):
    columns = _columns(rows)
    columns['set/true'] = columns['set/predicted'] = np.zeros((len(rows), 2, 3))
    errors, found = accelerations(columns, 'set')
    assert errors.size == 0
    assert found.startswith(reason)
