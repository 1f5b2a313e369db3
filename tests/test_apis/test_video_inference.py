import dataclasses
import json
import re
import shutil

import cv2
import numpy as np
import pytest

from dpmesh_plugin.apis import KeypointFile, MeshInferencer, VideoOptions, load_meshes
from dpmesh_plugin.apis.exporters import export_results
from dpmesh_plugin.apis.mesh_file import save_meshes
from dpmesh_plugin.apis.mesh_sequence import list_sequences
from dpmesh_plugin.apis.person import ImageKeypoints, Person
from dpmesh_plugin.apis.video_keypoints import frames_of_video

NUM_FRAMES, RATE = 8, 12.5
HEIGHTS = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
OFFSETS = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]


def _person(x, score=1.0):
    joints = np.stack([x + np.array(OFFSETS), np.array(HEIGHTS)], axis=1).astype(np.float32)
    return Person(0, joints, np.full(17, score, np.float32), 'coco_17', None)


def _keypoints(folder, frames):
    images = (ImageKeypoints(f'clip_{n:06d}.jpg', tuple(p)) for n, p in frames.items())
    return KeypointFile(folder / 'keypoints.json', tuple(images))


def _write(path, num_frames=NUM_FRAMES):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), RATE, (160, 120))
    background = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    background = cv2.resize(background, (160, 120))
    for number in range(num_frames):
        writer.write(np.roll(background, 2 * number, axis=1))
    writer.release()


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / 'clip.avi'
    _write(path)
    return path


@pytest.fixture
def two_people(tmp_path):
    """One walks through all frames; the other, first in the file, is missed in frames 3 and 4."""
    frames = {n: [_person(40 + 2 * n)] for n in range(NUM_FRAMES)}
    for number in (0, 1, 2, 5, 6, 7):
        frames[number].insert(number % 2, _person(120))
    return _keypoints(tmp_path, frames)


def _results(folder):
    return {path.name: load_meshes(path) for path in sorted(folder.glob('*.npz'))}


def test_a_video_becomes_frames_of_two_people_and_a_video(inferencer, clip, two_people, tmp_path):
    out = tmp_path / 'out'
    report = inferencer(clip, keypoints=two_people, out_dir=out)
    assert report.problems == []
    (entry,) = report.images
    assert (entry['persons'], entry['frames'], entry['frame_rate']) == (2, NUM_FRAMES, RATE)
    results = _results(out / 'clip')
    assert list(results) == [f'clip_{n:06d}.npz' for n in range(NUM_FRAMES)]
    for number, meshes in enumerate(results.values()):
        assert (meshes.frame_index, meshes.frame_rate) == (number, RATE)
        assert meshes.person_ids.tolist() == [0, 1]
        pixels = meshes.joints[:, 0] @ meshes.intrinsics.T
        pixels = pixels[:, 0] / pixels[:, 2]
        assert abs(pixels[0] - pixels[1]) > 20
    filled = results['clip_000003.npz']
    assert sorted(filled.keypoints_visible.any(axis=1).tolist()) == [False, True]
    betas = np.stack([meshes.betas for meshes in results.values()])
    np.testing.assert_array_equal(betas, betas[:1].repeat(NUM_FRAMES, axis=0))
    capture = cv2.VideoCapture(str(out / 'clip_overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == NUM_FRAMES
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(RATE)
    for folder in (out, out / 'clip'):
        (sequence,) = list_sequences(folder)
        assert (sequence.name, sequence.frame_rate) == ('clip', RATE)
        assert sequence.numbers == tuple(range(NUM_FRAMES))
    body = inferencer.model.body_model
    export = export_results(out / 'clip', ['bvh'], tmp_path / 'e', body_model=body)
    assert len(export.files) == 2


def test_twice_is_the_same_and_an_interrupted_run_goes_on(inferencer, clip, two_people, tmp_path):
    out = tmp_path / 'out'
    first = inferencer(clip, keypoints=two_people, out_dir=out, draw=False)
    before = _results(out / 'clip')
    kept = out / 'clip_raw' / '000002.npy'
    (out / 'clip_raw' / '000005.npy').unlink()
    (out / 'clip_raw' / '000006.npy').write_bytes(b'cut off')
    shutil.rmtree(out / 'clip')
    (out / 'clip_overlay.mp4').touch()
    stamp = kept.stat().st_mtime_ns
    second = inferencer(clip, keypoints=two_people, out_dir=out, draw=False)
    assert kept.stat().st_mtime_ns == stamp
    assert not (out / 'clip_overlay.mp4').exists()
    assert first.images == second.images
    for name, meshes in _results(out / 'clip').items():
        np.testing.assert_allclose(meshes.vertices, before[name].vertices, atol=1e-4)
    fresh = inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'new', draw=False)
    assert fresh.images == first.images
    for name, meshes in _results(tmp_path / 'new' / 'clip').items():
        np.testing.assert_array_equal(meshes.vertices, before[name].vertices)


def test_only_frames_of_the_same_video_are_removed(inferencer, clip, two_people, tmp_path):
    folder = tmp_path / 'out' / 'clip'
    options = {'out_dir': tmp_path / 'out', 'draw': False}
    inferencer(clip, keypoints=two_people, **options)
    frame = load_meshes(folder / 'clip_000007.npz')
    photograph = dataclasses.replace(frame, frame_index=-1, frame_rate=0.0)
    others = ('a.npz', 'clip.npz', 'clip_12.npz', 'clip_000012.npz', 'other_000001.npz')
    for name in others:
        save_meshes(photograph, folder / name)
    stale = ('clip_000099.npz', 'clip_1000000.npz')
    for name, number in zip(stale, (99, 1000000), strict=True):
        save_meshes(dataclasses.replace(frame, frame_index=number), folder / name)
    assert inferencer(clip, keypoints=two_people, **options).problems == []
    names = {path.name for path in folder.iterdir()}
    assert names == {*others, *(f'clip_{n:06d}.npz' for n in range(NUM_FRAMES))}


def test_frames_of_another_run_are_not_mixed_in(inferencer, clip, two_people, tmp_path):
    inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'out', draw=False)
    options = {'keypoints': two_people, 'out_dir': tmp_path / 'out', 'draw': False}
    report = inferencer(clip, focal_length=300.0, **options)
    assert report.images == []
    assert 'frames of another run: camera differ' in str(report.problems[0])


def test_a_focal_length_in_mm_is_noted_once_for_a_video(inferencer, clip, two_people, tmp_path):
    options = {'keypoints': two_people, 'out_dir': tmp_path / 'out', 'draw': False}
    (note,) = inferencer(clip, focal_length=30.0, **options).notes
    assert re.match(re.escape(f'{clip}: a focal length of 30 px'), str(note))


def test_smoothing_and_filling_can_be_left_out(inferencer, clip, two_people, tmp_path):
    options = VideoOptions(max_gap=0, smooth=False)
    out = tmp_path / 'out'
    inferencer(clip, keypoints=two_people, out_dir=out, draw=False, video=options)
    results = _results(out / 'clip')
    assert len(results['clip_000003.npz'].person_ids) == 1
    for number, (name, meshes) in enumerate(results.items()):
        raw = np.load(out / 'clip_raw' / f'{number:06d}.npy')
        raw = raw[np.argsort(raw['person_ids'])]
        np.testing.assert_allclose(meshes.joints, raw['joints'], atol=1e-4, err_msg=name)
        assert meshes.vertices.shape[1] > 0


def test_a_video_that_was_cut_off_is_used_as_far_as_it_goes(inferencer, clip, two_people, tmp_path):
    content = clip.read_bytes()
    cut = tmp_path / 'cut' / 'clip.avi'
    cut.parent.mkdir()
    cut.write_bytes(content[: len(content) * 6 // 10])
    report = inferencer(cut, keypoints=two_people, out_dir=tmp_path / 'out', draw=False)
    (entry,) = report.images
    assert 2 <= entry['frames'] < NUM_FRAMES
    messages = ' '.join(map(str, report.problems))
    assert f'states {NUM_FRAMES} frames, but ends after {entry["frames"]}' in messages
    assert 'frames beyond its end' in messages


def test_videos_that_cannot_be_used_do_not_stop_the_rest(inferencer, clip, two_people, tmp_path):
    broken = tmp_path / 'broken.mp4'
    broken.write_bytes(b'no video')
    missing = tmp_path / 'missing.mp4'
    videos = [broken, missing, clip]
    report = inferencer(videos, keypoints=two_people, out_dir=tmp_path / 'out', draw=False)
    assert [entry['persons'] for entry in report.images] == [2]
    messages = [str(problem) for problem in report.problems]
    assert 'broken.mp4 cannot be read as a video' in messages[0]
    assert 'expected a video, found none at' in messages[1]
    with pytest.raises(ValueError, match='state out_dir'):
        inferencer(clip, keypoints=two_people)


def test_a_video_without_people_is_reported(inferencer, clip, tmp_path):
    keypoints = _keypoints(tmp_path, {n: [] for n in range(NUM_FRAMES)})
    report = inferencer(clip, keypoints=keypoints, out_dir=tmp_path / 'out')
    assert report.images == []
    assert 'nobody was found in any frame' in str(report.problems[0])


def test_a_person_who_cannot_be_used_is_reported_with_the_frame(inferencer, clip, tmp_path):
    frames = {0: [_person(50)], 1: [_person(5000)], 2: [_person(50, score=0)]}
    report = inferencer(
        clip, keypoints=_keypoints(tmp_path, frames), out_dir=tmp_path / 'out', draw=False
    )
    messages = [str(problem) for problem in report.problems]
    assert len(messages) == 2
    assert 'clip.avi, frame 1, person 1: all 17 confident keypoints lie outside' in messages[0]
    assert 'clip.avi, frame 2, person 2: ' in messages[1]
    assert '0 of its keypoints have a confidence above 0.05, 3 are needed' in messages[1]


@pytest.mark.parametrize('seen', [0, 1, 2])
def test_someone_with_too_few_keypoints_is_filled_in(seen, inferencer, clip, tmp_path):
    """A box alone does not throw anybody towards the camera, and the id stays."""
    box = np.array([100, 10, 40, 100], np.float32)
    whole = dataclasses.replace(_person(120), bbox_xywh=box)
    scores = np.where(np.arange(17) < seen, 1, 0).astype(np.float32)
    hidden = dataclasses.replace(whole, scores=scores)

    def depths(name, frame_3):
        frames = {n: [frame_3 if n == 3 else whole] for n in range(NUM_FRAMES)}
        options = {'keypoints': _keypoints(tmp_path, frames), 'out_dir': tmp_path / name}
        report = inferencer(clip, draw=False, **options)
        results = _results(tmp_path / name / 'clip')
        assert [meshes.person_ids.tolist() for meshes in results.values()] == [[0]] * NUM_FRAMES
        return report, results, np.array([each.transl[0, 2] for each in results.values()])

    _, _, expected = depths('whole', whole)
    report, results, depth = depths('hidden', hidden)
    (problem,) = report.problems
    assert str(problem).startswith(f'{clip}, frame 3, person 0: {seen} of its keypoints have')
    assert not results['clip_000003.npz'].keypoints_visible.any()
    np.testing.assert_allclose(depth, expected, rtol=0.05)


@pytest.mark.parametrize('number', [np.nan, np.inf])
def test_one_bad_number_costs_one_person_one_frame(number, inferencer, clip, two_people, tmp_path):
    frames = {n: list(image.persons) for n, image in enumerate(two_people.images)}
    person = frames[6][0]
    bad = np.where(np.arange(34).reshape(17, 2) == 9, number, person.keypoints)
    frames[6][0] = dataclasses.replace(person, keypoints=bad.astype(np.float32))
    options = {'keypoints': _keypoints(tmp_path, frames), 'out_dir': tmp_path / 'out'}
    report = inferencer(clip, draw=False, **options)
    (problem,) = report.problems
    assert re.search('frame 6, person .* NaN or infinite', str(problem))
    results = _results(tmp_path / 'out' / 'clip')
    assert [meshes.person_ids.tolist() for meshes in results.values()] == [[0, 1]] * NUM_FRAMES


def test_frames_with_other_people_in_them_are_not_gone_on_with(
    config, checkpoint, inferencer, clip, two_people, tmp_path
):
    options = {'keypoints': two_people, 'out_dir': tmp_path / 'out', 'draw': False}
    inferencer(clip, **options)
    lenient = MeshInferencer(config, checkpoint, device='cpu', min_keypoints=0)
    assert 'min_keypoints differ' in str(lenient(clip, **options).problems[0])


def test_sound_is_copied_where_ffmpeg_is(inferencer, clip, two_people, tmp_path, monkeypatch):
    tools = tmp_path / 'bin'
    tools.mkdir()
    monkeypatch.setenv('PATH', str(tools))
    report = inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'out')
    assert report.images[0]['sound'] == 'not copied: there is no ffmpeg on this machine'
    program = tools / 'ffmpeg'
    program.write_text('#!/bin/sh\nfor last; do :; done\necho "with sound" > "$last"\n')
    program.chmod(0o755)
    report = inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'out')
    assert report.images[0]['sound'] == 'copied, where the video has some'
    assert (tmp_path / 'out' / 'clip_overlay.mp4').read_text() == 'with sound\n'
    program.write_text('#!/bin/sh\necho "no such codec" >&2\nexit 1\n')
    report = inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'out')
    assert report.images[0]['sound'] == 'not copied: ffmpeg says no such codec'
    capture = cv2.VideoCapture(str(tmp_path / 'out' / 'clip_overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == NUM_FRAMES


def test_openpose_files_and_frames_of_ffmpeg_are_found(tmp_path):
    def file(*names):
        return KeypointFile(tmp_path, tuple(ImageKeypoints(name, ()) for name in names))

    names = ('clip_000000000000', 'clip_000000000001', 'other_000000000001')
    video = tmp_path / 'clip.mp4'
    assert list(frames_of_video(file(*names), video)) == [0, 1]
    assert list(frames_of_video(file('frame_01.jpg', '2.png'), video, first_number=1)) == [0, 1]
    with pytest.raises(ValueError, match='frame 1 .* is named twice'):
        frames_of_video(file('a_1.jpg', 'b_1.jpg'), video)
    with pytest.raises(ValueError, match='before the first one'):
        frames_of_video(file('a_0.jpg'), video, first_number=1)
    with pytest.raises(KeyError, match='no entry whose name ends with a frame number'):
        frames_of_video(file('a.jpg'), video)


def test_the_summary_of_a_video_is_json(inferencer, clip, two_people, tmp_path):
    inferencer(clip, keypoints=two_people, out_dir=tmp_path / 'out', draw=False)
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert summary['images'][0]['frames_with_persons'] == NUM_FRAMES
