"""Human3.6M, MuCo, 3DOH50K and Panoptic in their original formats."""

import json
import runpy
import sys

import numpy as np
import pytest

from dpmesh_plugin.converters.datasets import (
    Frames,
    convert_h36m,
    convert_muco,
    convert_oh3d,
    convert_panoptic,
)
from dpmesh_plugin.datasets import Human36MDataset, MuCo3DHPDataset, OH3DDataset, PanopticDataset
from dpmesh_plugin.structures import get_keypoint_set


def _dump(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def _h36m(root, fit, camera, joints, subject=1):
    stem = root / 'annotations' / f'Human36M_subject{subject}'
    frames = [
        {
            'id': 10 * subject + index,
            'file_name': f's_01/{index}.png',
            'width': 64,
            'height': 48,
            'subject': subject,
            'action_idx': 2,
            'subaction_idx': 1,
            'frame_idx': frame,
            'cam_idx': 1,
        }
        for index, frame in enumerate((0, 3, 5))
    ]
    people = [
        {'id': 7 * image['id'], 'image_id': image['id'], 'bbox': [5, 5, 40, 40]} for image in frames
    ]
    _dump(root / f'{stem}_data.json', {'images': frames, 'annotations': people})
    in_mm = {
        'R': camera['rotation'].tolist(),
        't': (1000 * camera['translation']).tolist(),
        'f': camera['focal'].tolist(),
        'c': camera['centre'].tolist(),
    }
    _dump(root / f'{stem}_camera.json', {'1': in_mm})
    world = (1000 * joints).tolist()
    _dump(root / f'{stem}_joint_3d.json', {'2': {'1': {str(n): world for n in (0, 3, 5)}}})
    fits = {'0': fit, '5': {**fit, 'pose': [0.0] * 72}}
    _dump(root / f'{stem}_SMPL_NeuralAnnot.json', {'2': {'1': fits}})
    for other in (5, 6, 7, 8):
        if subject == 1:
            empty = root / 'annotations' / f'Human36M_subject{other}'
            _dump(root / f'{empty}_data.json', {'images': [], 'annotations': []})
            for kind in ('camera', 'joint_3d'):
                _dump(root / f'{empty}_{kind}.json', {})


def test_human36m(tmp_path, body_model, fit, camera, joints_of, look, picture):
    joints = joints_of(fit, 'h36m_17')
    _h36m(tmp_path, fit, camera, joints)
    writer = convert_h36m(
        annotations=tmp_path / 'annotations',
        body_model=body_model,
        out=tmp_path / 'h36m_train.json',
    )
    # every fifth frame; the second fit is far from its joints
    assert [(p.id, p.smpl is not None) for p in writer.people] == [(70, True), (84, False)]
    picture(tmp_path / 'images/s_01/0.png')
    dataset = Human36MDataset(data_root=str(tmp_path))
    person = dataset.get_data_info(0)
    seen, pixels = look(joints, camera)
    np.testing.assert_allclose(person['annotated_keypoints'], pixels, rtol=1e-4)
    np.testing.assert_allclose(person['annotated_keypoints_3d'], seen - seen[0], atol=1e-5)
    smpl = person['smpl']
    pose = np.append(smpl['global_orient'], smpl['body_pose'])
    body = joints_of({'pose': pose, 'shape': smpl['betas'], 'trans': smpl['transl']}, 'h36m_17')
    np.testing.assert_allclose(body, seen, atol=1e-4)
    assert 'smpl' not in dataset.get_data_info(1)


def test_human36m_names_what_is_missing(tmp_path, body_model, fit, camera, joints_of):
    arguments = {'body_model': body_model, 'out': tmp_path / 'x.json'}
    with pytest.raises(KeyError, match="'val'; known: train, test"):
        convert_h36m(annotations=tmp_path, subset='val', **arguments)
    with pytest.raises(FileNotFoundError, match='Human36M_subject1_camera.json'):
        convert_h36m(annotations=tmp_path, **arguments)
    _h36m(tmp_path, fit, camera, joints_of(fit, 'h36m_17'))
    _dump(tmp_path / 'annotations/Human36M_subject1_joint_3d.json', {'2': {}})
    with pytest.raises(KeyError, match='subject1_joint_3d.json has no joints for s_01/0.png'):
        convert_h36m(annotations=tmp_path / 'annotations', **arguments)


def _muco(root):
    rng = np.random.default_rng(0)
    people = [
        {
            'id': index,
            'image_id': 4,
            'bbox': [5, 5, 30, 30],
            'keypoints_img': rng.uniform(5, 40, (21, 2)).tolist(),
            'keypoints_cam': rng.normal((0, 0, depth), 300, (21, 3)).tolist(),
        }
        for index, depth in enumerate((6000, 3000, 9000))
    ]
    image = {'id': 4, 'file_name': 'a/1.png', 'width': 64, 'height': 48, 'f': [60, 61], 'c': [3, 4]}
    return _dump(root / 'MuCo-3DHP.json', {'images': [image], 'annotations': people})


def test_muco(tmp_path, body_model, fit, picture):
    annotations = _muco(tmp_path)
    spoilt = {**fit, 'trans': [float('nan'), 0, 0]}
    fits = _dump(tmp_path / 'smpl_param.json', {'0': spoilt, '1': fit})
    convert_muco(
        annotations=annotations, fits=fits, body_model=body_model, out=tmp_path / 'muco_train.json'
    )
    picture(tmp_path / 'images/a/1.png')
    dataset = MuCo3DHPDataset(data_root=str(tmp_path), with_neighbours=True)
    assert len(dataset) == 1  # the nearest
    person = dataset.get_data_info(0)
    assert person['sample_idx'] == 1
    assert person['neighbours'].shape == (2, 17, 3)
    assert 'smpl' not in person  # a body that is not at these joints
    truth = json.loads(annotations.read_text())['annotations'][1]['keypoints_cam']
    truth = (np.array(truth) - truth[14]) / 1000
    np.testing.assert_allclose(person['annotated_keypoints_3d'], truth, atol=1e-5)


def test_oh3d(tmp_path, body_model, fit, camera, joints_of, look, picture, monkeypatch, capsys):
    _, pixels = look(joints_of(fit, 'smpl_24'), camera)
    extrinsic = np.eye(4)
    extrinsic[:3, :3] = camera['rotation']
    entry = {
        'img_path': 'images\\00007.png',
        'bbox': [[5, 6], [45, 40]],
        'pose': [fit['pose']],
        'betas': [fit['shape']],
        'trans': [[99, 98, 97]],
        'scale': [7],
        'smpl_joints_2d': pixels.tolist(),
        'intri': [[60, 0, 31], [0, 61, 25], [0, 0, 1]],
        'extri': extrinsic.tolist(),
    }
    astray = {**entry, 'smpl_joints_2d': (pixels[::-1] * 30).tolist()}
    _dump(tmp_path / 'testset/annots.json', {'00007': entry, '00008': astray})
    picture(tmp_path / 'testset/images/00007.png')
    convert_oh3d(root=tmp_path, body_model=body_model, out=tmp_path / '3doh_test.json')
    dataset = OH3DDataset(data_root=str(tmp_path))
    person = dataset.get_data_info(0)
    assert person['sample_idx'] == 7
    np.testing.assert_array_equal(person['bbox_xywh'], [5, 6, 40, 34])
    smpl = person['smpl']
    pose = np.append(smpl['global_orient'], smpl['body_pose'])
    seen = joints_of({'pose': pose, 'shape': smpl['betas'], 'trans': smpl['transl']}, 'smpl_24')
    projected = seen[:, :2] / seen[:, 2:] * camera['focal'] + camera['centre']
    np.testing.assert_allclose(projected, pixels, atol=1e-2)
    np.testing.assert_allclose(seen[:, 2].mean(), 4, atol=0.6)
    assert 'smpl' not in dataset.get_data_info(1)


def _panoptic(root):
    matrix = [[60, 0, 31], [0, 61, 25], [0, 0, 1]]
    camera = {'name': '00_16', 'type': 'hd', 'resolution': [64, 48], 'K': matrix}
    camera |= {'distCoef': [0, 0, 0, 0, 0], 'R': np.eye(3).tolist(), 't': [[0], [0], [400]]}
    folder = root / 'haggling1'
    _dump(folder / 'calibration_haggling1.json', {'cameras': [camera]})
    joints = np.random.default_rng(0).normal(0, 40, (19, 4))
    joints[:, 3] = 0.9
    joints[5, 3] = -1  # no left wrist
    behind = joints - [0, 0, 900, 0]
    bodies = [{'id': i, 'joints19': j.reshape(-1).tolist()} for i, j in enumerate((joints, behind))]
    for number in (3, 4):
        _dump(folder / f'hdPose3d_stage1_coco19/body3DScene_{number:08d}.json', {'bodies': bodies})
    return joints


def test_panoptic(tmp_path, picture):
    joints = _panoptic(tmp_path)
    for number in (3, 4):
        picture(tmp_path / f'haggling1/hdImgs/00_16/00_16_{number:08d}.jpg')
    writer = convert_panoptic(
        root=tmp_path,
        out=tmp_path / 'panoptic_test.json',
        cameras=['00_16'],
        frames=Frames({'haggling1': (4, 9)}),
    )
    assert len(writer.people) == 1  # the other one is behind the camera
    person = PanopticDataset(data_root=str(tmp_path)).get_data_info(0)
    assert person['img_path'].endswith('haggling1/hdImgs/00_16/00_16_00000004.jpg')
    names = get_keypoint_set('coco_19')
    assert person['annotated_valid'][names.index('left_wrist')] == 0
    nose = joints[1, :3] + [0, 0, 400]
    expected = nose[:2] / nose[2] * [60, 61] + [31, 25]
    np.testing.assert_allclose(
        person['annotated_keypoints'][names.index('nose')], expected, rtol=1e-4
    )
    difference = (joints[1, :3] - joints[2, :3]) / 100
    np.testing.assert_allclose(
        person['annotated_keypoints_3d'][names.index('nose')], difference, atol=1e-5
    )


def test_panoptic_names_what_is_wrong(tmp_path, picture):
    _panoptic(tmp_path)
    with pytest.raises(KeyError, match="calibration_haggling1.json has no camera '00_30'; it has"):
        convert_panoptic(root=tmp_path, out=tmp_path / 'x.json', cameras=['00_30'])
    with pytest.raises(ValueError, match='no people for .*x.json'):
        convert_panoptic(root=tmp_path, out=tmp_path / 'x.json', cameras=['00_16'])
    _dump(tmp_path / 'haggling1/hdPose3d_stage1_coco19/body3DScene_00000003.json', [])
    with pytest.raises(ValueError, match='body3DScene_00000003.json: expected a dict with bodies'):
        convert_panoptic(root=tmp_path, out=tmp_path / 'x.json', cameras=['00_16'])


def test_tool_ends_with_the_message(repo_root, tmp_path, monkeypatch):
    tool = repo_root / 'tools' / 'dataset_converters' / 'panoptic.py'
    monkeypatch.setattr(sys, 'argv', [str(tool), str(tmp_path), '--out', str(tmp_path / 'x.json')])
    with pytest.raises(SystemExit, match='panoptic: no people for'):
        runpy.run_path(str(tool), run_name='__main__')
