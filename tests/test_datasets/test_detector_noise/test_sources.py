import json
import runpy
import sys

import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.annotation_file import AnnotationFile
from dpmesh_plugin.datasets.detector_noise import read_errors
from dpmesh_plugin.datasets.detector_noise.sources import from_bodies, from_coco, from_schema
from dpmesh_plugin.structures import Visibility, map_keypoints, with_derived_joints


def _detect_exactly(content: dict, body_model) -> None:
    """Give every annotation the OpenPose joints of its body, shifted by (1, 2) px."""
    for annotation in content['annotations']:
        body = annotation['smpl_param']
        pose = torch.tensor(body['pose'], dtype=torch.float32).view(1, 24, 3)
        gender = {'f': 'female'}.get(body['gender'], body['gender'])
        joints = body_model.keypoints(
            keypoint_set='coco_17',
            global_orient=pose[:, 0],
            body_pose=pose[:, 1:],
            betas=torch.tensor([body['shape']], dtype=torch.float32),
            transl=torch.tensor([body['trans']], dtype=torch.float32),
            gender=gender,
        )[0].numpy()
        pixels = joints[:, :2] / joints[:, 2:] * [100, 110] + [47, 33] + [1, 2]
        pixels, scores, source = with_derived_joints(pixels, np.full(17, 0.8), 'coco_17')
        found = map_keypoints(np.column_stack([pixels, scores]), source, 'openpose_18')
        annotation['openpose_result'] = found.reshape(-1).tolist()


def test_openpose_beside_bodies(people, body_model):
    arguments = people(lambda content: _detect_exactly(content, body_model))
    file = AnnotationFile(f'{arguments["data_root"]}/people.json')
    observed = from_bodies(file, body_model)
    assert observed.keypoint_set == 'openpose_18'
    offsets = observed.detections[..., :2] - observed.keypoints
    np.testing.assert_allclose(offsets[..., 0], 1, atol=0.1)  # the neck is the mean in space
    np.testing.assert_allclose(offsets[:, 2:, 1], 2, atol=0.02)
    np.testing.assert_allclose(observed.sizes, 40)
    inside = ((observed.keypoints >= 0) & (observed.keypoints < [96, 64])).all(axis=-1)
    assert (observed.causes[0][inside[0]] == 0).all()
    assert (observed.causes[~inside] == Visibility.TRUNCATED).all()
    # 0 and 1 share a picture and stand 0.1 m apart: 3 px.
    np.testing.assert_allclose(
        np.abs(observed.neighbours[0] - observed.keypoints[0])[:, 0].mean(), 3.5, atol=3
    )


def test_bodies_of_another_model(people, body_model):
    arguments = people(lambda content: content['info'].update(model_id='smpl'))
    file = AnnotationFile(f'{arguments["data_root"]}/people.json')
    with pytest.raises(ValueError, match=r"people\.json.*'smpl'"):
        from_bodies(file, body_model)


def test_detections_of_the_schema(schema_people):
    def edit(content: dict) -> None:
        content['info']['detection_set'] = 'coco_17'
        for annotation in content['annotations']:
            annotation['detections'] = [5.0, 6.0, 0.7] * 17

    file = AnnotationFile(f'{schema_people(edit)["data_root"]}/h36m_train.json')
    observed = from_schema(file)
    assert observed.detections.shape == (4, 17, 3)
    # Human3.6M has no eyes and no ears.
    assert observed.present.sum(axis=1).tolist() == [13] * 4
    assert (observed.causes[observed.present] >= Visibility.TRUNCATED).all()
    with pytest.raises(KeyError, match='has no detections'):
        from_schema(AnnotationFile(f'{schema_people()["data_root"]}/h36m_train.json'))


def _coco(tmp_path) -> AnnotationFile:
    """Two people in one picture, one of them with a hidden joint, and a third without joints."""
    points = np.column_stack([np.linspace(10, 60, 17), np.linspace(20, 90, 17), np.full(17, 2)])
    right = np.add(points, (100, 0, 0))
    right[3, 2], right[4, 2] = 1, 0
    rows = [(1, points, [10, 20, 50, 70]), (2, right, [110, 20, 50, 70]), (3, points * 0, [0] * 4)]
    annotations = [
        {'id': id_, 'image_id': 7, 'bbox': box, 'keypoints': joints.reshape(-1).tolist()}
        for id_, joints, box in rows
    ]
    content = {'images': [{'id': 7, 'width': 200, 'height': 100}], 'annotations': annotations}
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    return AnnotationFile(tmp_path / 'truth.json')


def _results(tmp_path, *shifts: float, image: int = 7, joints: int = 17):
    points = np.column_stack([np.linspace(10, 60, 17), np.linspace(20, 90, 17), np.full(17, 0.6)])
    results = [
        {
            'image_id': image,
            'keypoints': np.add(points, (shift, 1, 0))[:joints].reshape(-1).tolist(),
        }
        for shift in shifts
    ]
    (tmp_path / 'results.json').write_text(json.dumps(results))
    return tmp_path / 'results.json'


def test_results_are_matched_to_people(tmp_path):
    # The right person comes first, and a false alarm between.
    observed, lost = from_coco(_coco(tmp_path), _results(tmp_path, 102, 60, 1))
    assert (len(observed), lost) == (2, 0)
    np.testing.assert_allclose(observed.detections[0, :, 0] - observed.keypoints[0, :, 0], 1)
    np.testing.assert_allclose(observed.detections[1, :, 0] - observed.keypoints[1, :, 0], 2)
    assert observed.causes[1, 3] == Visibility.UNKNOWN
    assert observed.present[1].tolist() == [True] * 4 + [False] + [True] * 12


def test_people_without_a_match_are_counted(tmp_path):
    observed, lost = from_coco(_coco(tmp_path), _results(tmp_path, 0))
    assert (len(observed), lost) == (1, 1)


def test_bad_results(tmp_path):
    with pytest.raises(ValueError, match=r'matches none of 2 people of .*truth.json'):
        from_coco(_coco(tmp_path), _results(tmp_path, 0, image=8))
    with pytest.raises(ValueError, match='result 0 must have 51 numbers as keypoints, got 30'):
        from_coco(_coco(tmp_path), _results(tmp_path, 0, joints=10))
    (tmp_path / 'results.json').write_text('{}')
    with pytest.raises(ValueError, match='must be a list of results .*, got dict'):
        from_coco(_coco(tmp_path), tmp_path / 'results.json')


@pytest.fixture
def run_tool(repo_root, monkeypatch):
    def run(*arguments) -> None:
        tool = repo_root / 'tools' / 'dataset_converters' / 'fit_keypoint_noise.py'
        monkeypatch.setattr(sys, 'argv', [str(tool), *map(str, arguments)])
        runpy.run_path(str(tool), run_name='__main__')

    return run


def test_tool_writes_what_the_transform_reads(people, run_tool, tmp_path, capsys):
    people()
    run_tool(tmp_path / 'people.json', '--out', tmp_path / 'noise.json')
    text = capsys.readouterr().out
    assert 'right_knee' in text
    assert f"dict(type='DetectorNoise', errors='{tmp_path}/noise.json')" in text
    assert read_errors(tmp_path / 'noise.json').keypoint_set == 'openpose_18'
    _coco(tmp_path)
    results = ['--predictions', _results(tmp_path, 0, 101)]
    run_tool(tmp_path / 'truth.json', *results, '--out', tmp_path / 'noise.json')
    assert read_errors(tmp_path / 'noise.json').facts['people'] == 2


def test_tool_says_what_is_missing(run_tool, tmp_path):
    _coco(tmp_path)
    with pytest.raises(SystemExit, match='neither openpose_result nor detections; give --pred'):
        run_tool(tmp_path / 'truth.json', '--out', tmp_path / 'noise.json')
    with pytest.raises(SystemExit, match=r'fit_keypoint_noise: .*nowhere\.json'):
        run_tool(tmp_path / 'nowhere.json', '--out', tmp_path / 'noise.json')
