"""The inferencer with a detector in the place of a keypoint file."""

import json
import re

import cv2
import numpy as np
import pytest
import torch

from dpmesh_plugin.apis import MeshInferencer, load_meshes, mesh_inferencer, progress, webcam
from dpmesh_plugin.apis.detectors import BaseDetector
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.registry import DETECTORS, MODELS
from dpmesh_plugin.utils.config import load_config

HEIGHTS = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
OFFSETS = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
NUM_FRAMES = 5


class BrightColumns(BaseDetector):
    """Takes every bright column of a picture for someone who stands there."""

    seen: list = []

    def __init__(self, *, score=1.0):
        self.score = score

    def detect(self, image, *, name=''):
        self.seen.append(str(name))
        found = np.flatnonzero(image.mean(axis=(0, 2)) > 150)
        starts = found[np.diff(found, prepend=-9) > 1]
        return tuple(self._person(i, x) for i, x in enumerate(starts))

    def _person(self, index, x):
        joints = np.stack([x + np.array(OFFSETS), np.array(HEIGHTS)], axis=1).astype(np.float32)
        return Person(index, joints, np.full(17, self.score, np.float32), 'coco_17', None)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(DETECTORS.module_dict, 'BrightColumns', BrightColumns)
    BrightColumns.seen.clear()


@pytest.fixture(scope='module')
def finder(config, checkpoint):
    cfg = load_config(config)
    cfg.detector = {'type': 'BrightColumns'}
    return MeshInferencer(cfg, checkpoint, device='cpu')


def picture(*columns):
    pixels = np.full((120, 160, 3), 40, np.uint8)
    pixels[:, list(columns)] = 240
    return pixels


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'FFV1'), 12.5, (160, 120))
    for number in range(NUM_FRAMES):
        writer.write(picture(50 + number, 110))
    writer.release()
    return path


def test_people_are_found_where_no_keypoints_are_given(finder, tmp_path):
    for name, columns in (('a', (40, 100)), ('b', (80,)), ('nobody', ())):
        cv2.imwrite(str(tmp_path / f'{name}.png'), picture(*columns))
    report = finder(tmp_path, out_dir=tmp_path / 'out', draw=False)
    assert [(entry['meshes'], entry['persons']) for entry in report.images] == [
        ('a.npz', 2),
        ('b.npz', 1),
    ]
    assert 'BrightColumns has no person for it' in str(report.problems[0])
    meshes = load_meshes(tmp_path / 'out' / 'a.npz')
    nose = meshes.joint_names.tolist().index('nose')
    np.testing.assert_allclose(meshes.keypoints[:, nose], [[40, 20], [100, 20]], atol=1e-3)
    assert json.loads((tmp_path / 'out' / 'summary.json').read_text())['keypoints'] == (
        'BrightColumns'
    )


def test_another_detector_may_be_given(inferencer):
    report = inferencer(picture(40), keypoints=BrightColumns(), draw=False)
    assert report.num_persons == 1


def test_detections_that_are_no_numbers_are_reported(inferencer):
    report = inferencer(picture(40), keypoints=BrightColumns(score=np.nan), draw=False)
    assert 'person 0: its keypoints, scores or box have NaN' in str(report.problems[0])
    report = inferencer(picture(40), keypoints=BrightColumns(score=90), draw=False)
    assert 'person 0: its confidences reach 90 in BrightColumns' in str(report.problems[0])


def test_without_keypoints_and_detector_nothing_starts(inferencer):
    with pytest.raises(
        ValueError, match=r'give keypoints \(--keypoints FILE\), or name a detector'
    ):
        inferencer(picture(40))


def test_a_video_is_looked_at_once_also_if_it_is_interrupted(finder, clip, tmp_path):
    out = tmp_path / 'out'
    first = finder(clip, out_dir=out, draw=False)
    assert first.problems == []
    assert (first.images[0]['persons'], first.images[0]['frames']) == (2, NUM_FRAMES)
    assert BrightColumns.seen == [f'clip_{n:06d}' for n in range(NUM_FRAMES)]
    log = out / 'clip_people.jsonl'
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b''.join(lines[:-2]) + lines[-2][:20])
    BrightColumns.seen.clear()
    second = finder(clip, out_dir=out, draw=False)
    assert BrightColumns.seen == ['clip_000003', 'clip_000004']
    assert second.images == first.images


class DarkColumns(BrightColumns):
    """Looks at the negative."""

    def detect(self, image, *, name=''):
        return super().detect(255 - image, name=name)


def test_detections_are_those_of_the_detector_in_use(inferencer, finder, clip, tmp_path):
    options = {'out_dir': tmp_path / 'out', 'draw': False}
    inferencer(clip, keypoints=BrightColumns(), **options)
    BrightColumns.seen.clear()
    assert inferencer(clip, keypoints=BrightColumns(), **options).problems == []
    assert BrightColumns.seen == []
    for other, difference in (
        (DarkColumns(), 'detector was BrightColumns, is DarkColumns'),
        (BrightColumns(score=0.5), r'score was 1\.0, is 0\.5'),
    ):
        report = inferencer(clip, keypoints=other, **options)
        assert report.images == []
        assert re.search(f'another video or detector: {difference}; ', str(report.problems[0]))
    report = finder(clip, **options)
    assert "detector_config was , is {'type': 'BrightColumns'}" in str(report.problems[0])


def test_a_camera_is_recorded_and_then_a_video(finder, inferencer, tmp_path, monkeypatch):
    def record(number, folder, *, seconds):
        path = folder / f'webcam_{number}.avi'
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'FFV1'), 12.5, (160, 120))
        writer.write(picture(60))
        writer.release()
        return path

    monkeypatch.setattr(webcam, 'record_webcam', record)
    report = finder('webcam:1', out_dir=tmp_path, draw=False)
    assert report.images[0]['meshes'] == 'webcam_1/'
    monkeypatch.undo()
    with pytest.raises(ValueError, match='state out_dir, the folder for the recording'):
        inferencer('webcam', keypoints=BrightColumns())


def test_bars_count_the_frames(finder, clip, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        mesh_inferencer,
        'progress_bars',
        lambda *, shown: made.append(progress.progress_bars(shown=False)) or made[-1],
    )
    finder([clip], out_dir=tmp_path / 'out')
    counts = {task.description: (task.completed, task.total) for task in made[0].tasks}
    assert counts == {
        f'clip.avi: {what}': (NUM_FRAMES, NUM_FRAMES) for what in ('people', 'meshes', 'pictures')
    }


def test_adapters_are_merged_and_results_agree(config, tmp_path):
    """What the inferencer makes faster does not change what it says."""
    cfg = load_config(config)
    cfg.model.backbone.lora = {'rank': 4}
    cfg.model.backbone.trainable = ('vae', 'controlnet')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    for name, parameter in model.named_parameters():
        if '.lora_B.' in name:
            torch.nn.init.normal_(parameter, std=0.1)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'lora.pth')
    inferencer = MeshInferencer(cfg, tmp_path / 'lora.pth', device='cpu')
    assert inferencer.model.backbone.merged
    features = []

    def run(model):
        inferencer.model = model
        hook = model.backbone.register_forward_hook(lambda *a: features.append(a[2].features[0]))
        report = inferencer(picture(40, 100), keypoints=BrightColumns(), draw=False)
        hook.remove()
        return report.meshes[0].joints

    np.testing.assert_allclose(run(inferencer.model), run(model), atol=1e-4)
    torch.testing.assert_close(features[0], features[1], atol=1e-3, rtol=1e-3)
    for layer in (module for module in model.modules() if hasattr(module, 'lora_B')):
        torch.nn.init.zeros_(next(layer.lora_B.parameters()))
    run(model)
    assert (features[2] - features[1]).abs().max() > 0.1
