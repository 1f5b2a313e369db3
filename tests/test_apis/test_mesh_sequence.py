import numpy as np
import pytest

from dpmesh_plugin.apis.mesh_sequence import MeshFiles, MeshSequence, list_sequences


def _write(path, frame_index=-1, frame_rate=0.0):
    """A file whose stamp can be read; its meshes are never asked for."""
    np.savez(path, schema_version=2, frame_index=frame_index, frame_rate=frame_rate)


def test_a_folder_of_photographs(tmp_path):
    for name in ('b.npz', 'a.npz', 'a_2.npz'):
        _write(tmp_path / name)
    (tmp_path / 'summary.json').write_text('{}')
    found = list_sequences(tmp_path)
    assert [sequence.name for sequence in found] == ['a', 'a_2', 'b']
    assert all(sequence.is_still for sequence in found)
    np.testing.assert_array_equal(found[0].seconds(np.array([-1])), [0])


def test_frames_that_say_so_are_a_video(tmp_path):
    folder = tmp_path / 'walk'
    folder.mkdir()
    for index in (12, 9, 100):
        _write(folder / f'f{index}.npz', index, 25.0)
    _write(folder / 'poster.npz')
    video, poster = list_sequences(folder)
    assert (video.name, video.numbers, video.frame_rate) == ('walk', (9, 12, 100), 25.0)
    assert [path.name for path in video.frames.paths] == ['f9.npz', 'f12.npz', 'f100.npz']
    np.testing.assert_allclose(video.seconds(np.array([12])), [3 / 25])
    assert poster.name == 'poster'


def test_an_output_folder_stands_for_its_photographs_and_the_videos_below(tmp_path):
    for name in ('walk', 'run', 'walk_raw', 'photos', 'walk/deeper'):
        (tmp_path / name).mkdir()
    for index in (0, 1):
        _write(tmp_path / 'walk' / f'walk_{index}.npz', index, 25.0)
        _write(tmp_path / 'run' / f'run_{index}.npz', index, 30.0)
        _write(tmp_path / 'walk' / 'deeper' / f'{index}.npz', index, 25.0)
    # What the model said frame by frame is no result; photographs of another run are not meant.
    (tmp_path / 'walk_raw' / 'run.json').write_text('{}')
    _write(tmp_path / 'walk_raw' / 'common.npz', 0, 25.0)
    _write(tmp_path / 'photos' / 'b.npz')
    found = [(each.name, each.numbers, each.frame_rate) for each in list_sequences(tmp_path)]
    assert found == [('run', (0, 1), 30.0), ('walk', (0, 1), 25.0)]
    _write(tmp_path / 'a.npz')
    assert [each.name for each in list_sequences(tmp_path)] == ['a', 'run', 'walk']
    assert [each.frame_rate for each in list_sequences(tmp_path / 'run', frame_rate=50)] == [50]
    _write(tmp_path / 'walk.npz')
    message = (
        r'two results named walk, .* give .*walk\.npz and the folder .*walk one after the other'
    )
    with pytest.raises(ValueError, match=message):
        list_sequences(tmp_path)


def test_a_folder_of_folders_of_photographs_says_which_to_give(tmp_path):
    for name in ('x', 'y', 'empty'):
        (tmp_path / name).mkdir()
    _write(tmp_path / 'x' / 'a.npz')
    _write(tmp_path / 'y' / 'a.npz')
    with pytest.raises(
        FileNotFoundError, match=r'give one of the folders .* that have some: x, y$'
    ):
        list_sequences(tmp_path)


def test_a_given_frame_rate_makes_a_video_of_all_files(tmp_path):
    for index in (2, 10, 1):
        _write(tmp_path / f'shot_{index}.npz')
    (video,) = list_sequences(tmp_path, frame_rate=30)
    assert (video.numbers, video.frame_rate) == ((1, 2, 10), 30)
    _write(tmp_path / 'last.npz')
    with pytest.raises(ValueError, match=r'last\.npz states no frame number and its name does not'):
        list_sequences(tmp_path, frame_rate=30)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    for index in (1, 2):
        _write(tmp_path / f'{index}.npz', index, 25.0)
    (tmp_path / '3.npz').write_bytes(b'cut off')
    video, broken = list_sequences(tmp_path)
    assert (video.numbers, broken.name) == ((1, 2), '3')
    with pytest.raises(ValueError, match=r'3\.npz is no npz file'):
        broken.frames[0]


def test_what_is_no_video_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'expected a result file .* found none at '):
        list_sequences(tmp_path)
    _write(tmp_path / 'a.npz', 3, 25.0)
    _write(tmp_path / 'b.npz', 3, 25.0)
    with pytest.raises(ValueError, match=r'a\.npz, b\.npz are all frame 3; a folder holds'):
        list_sequences(tmp_path)
    _write(tmp_path / 'b.npz', 4, 30.0)
    with pytest.raises(ValueError, match=r'different rates: \[25\.0, 30\.0\]'):
        list_sequences(tmp_path)
    for rate in (0, -25, float('nan'), float('inf')):
        with pytest.raises(ValueError, match=f'frames per second above 0, got {rate}'):
            list_sequences(tmp_path, frame_rate=rate)


def test_a_sequence_checks_its_numbers():
    frames = MeshFiles(['a.npz', 'b.npz'])
    with pytest.raises(ValueError, match='got 2 frames and 1 numbers'):
        MeshSequence('walk', frames)
    with pytest.raises(ValueError, match=r'frame numbers must rise, got \(4, 4\)'):
        MeshSequence('walk', frames, (4, 4), 25.0)
    with pytest.raises(ValueError, match=r'needs frames per second above 0, got 0\.0'):
        MeshSequence('walk', frames, (4, 5))
