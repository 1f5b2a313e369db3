import os
import pickle

import numpy as np
import pytest

from dpmesh_plugin.converters.datasets import Frames, convert_pw3d, read_frames
from dpmesh_plugin.converters.datasets.bodies import RestPelvis
from dpmesh_plugin.converters.datasets.pw3d_subsets import SUBSETS
from dpmesh_plugin.datasets import PW3DDataset

NUM_FRAMES = 4


@pytest.fixture
def download(tmp_path, body_model, fit, camera, joints_of, picture):
    """A sequence of two actors, as the publisher has it, below ``tmp_path``."""

    def write(name='courtyard_box_00', split='test', **changes):
        joints = joints_of(fit, 'smpl_24').astype(np.float64)
        joints[0] = RestPelvis(body_model)(fit['shape']) + fit['trans']
        extrinsic = np.eye(4)
        extrinsic[:3, :3], extrinsic[:3, 3] = camera['rotation'], camera['translation']
        detected = np.arange(54.0).reshape(3, 18)
        sequence = {
            'sequence': name,
            'poses': [np.tile(fit['pose'], (NUM_FRAMES, 1))] * 2,
            'trans': [np.tile(fit['trans'], (NUM_FRAMES, 1))] * 2,
            'betas': [np.array(fit['shape'])] * 2,
            'genders': ['m', 'f'],
            'poses2d': [np.tile(detected, (NUM_FRAMES, 1, 1))] * 2,
            'jointPositions': [np.tile(joints.reshape(-1), (NUM_FRAMES, 1))] * 2,
            'cam_poses': np.tile(extrinsic, (NUM_FRAMES, 1, 1)),
            'cam_intrinsics': np.array([[60.0, 0, 31], [0, 61, 25], [0, 0, 1]]),
            'campose_valid': [np.array([1, 1, 0, 1]), np.array([1, 0, 0, 1])],
        } | changes
        path = tmp_path / 'sequenceFiles' / split / f'{name}.pkl'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(sequence, protocol=2))
        for index in range(NUM_FRAMES):
            picture(tmp_path / 'imageFiles' / name / f'image_{index:05d}.jpg')
        return tmp_path

    return write


def test_sequence_becomes_a_file_of_the_data_set(download, fit, camera, joints_of, look):
    root = download()
    assert convert_pw3d(root=root, out=root / '3DPW_latest_test.json', subset='test') == 5
    dataset = PW3DDataset(data_root=str(root))
    people = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert [person['gender'] for person in people] == ['male', 'female', 'male', 'male', 'female']
    assert people[3]['img_path'].endswith('courtyard_box_00/image_00003.jpg')
    assert [person['track_id'] for person in people] == [0, 1, 0, 0, 1]
    assert [person['frame_idx'] for person in people] == [0, 0, 1, 3, 3]
    assert people[0]['ori_shape'] == (64, 48)
    np.testing.assert_array_equal(people[0]['keypoints'][2], [2, 20])
    np.testing.assert_array_equal(people[0]['keypoint_scores'][2], 38)
    smpl = people[0]['smpl']
    pose = np.append(smpl['global_orient'], smpl['body_pose'])
    seen = joints_of({'pose': pose, 'shape': smpl['betas'], 'trans': smpl['transl']}, 'smpl_24')
    expected, _ = look(joints_of(fit, 'smpl_24'), camera)
    np.testing.assert_allclose(seen, expected, atol=1e-4)
    assert dataset.metainfo['body_model_id'] == 'smpl'


def test_published_occlusion_subsets(download):
    root = download()
    download('courtyard_dancing_00', 'validation')
    assert convert_pw3d(root=root, out=root / 'oc.json', subset='oc') == 5
    dataset = PW3DDataset(subset='oc', ann_file='oc.json', data_root=str(root))
    assert dataset.get_data_info(0)['sequence'] == 'courtyard_box_00'
    with pytest.raises(ValueError, match="no frame belongs to subset 'pc'"):
        convert_pw3d(root=root, out=root / 'pc.json', subset='pc')
    pc = SUBSETS['pc']
    assert [pc.has('courtyard_dancing_00', n) for n in (59, 60, 369, 370)] == [0, 1, 1, 0]
    assert SUBSETS['oc'].has('outdoors_climbing_02', 7)


def test_list_of_frames_from_a_file(download, tmp_path):
    path = tmp_path / 'frames.txt'
    path.write_text('# mine\ncourtyard_box_00 1 2\nother_00\n')
    frames = read_frames(path)
    assert frames == Frames({'courtyard_box_00': (1, 3), 'other_00': None})
    root = download()
    assert convert_pw3d(root=root, out=root / 'x.json', subset='mine', frames=frames) == 1
    path.write_text('courtyard_box_00 one 2\n')
    with pytest.raises(ValueError, match='frames.txt:1: expected NAME or NAME FIRST LAST'):
        read_frames(path)


class _Harmful:
    def __reduce__(self):
        return os.system, ('true',)


def _cut(root):
    path = root / 'sequenceFiles/test/courtyard_box_00.pkl'
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ('changes', 'spoil', 'error', 'message'),
    [
        ({}, _cut, ValueError, 'courtyard_box_00.pkl .* is not readable as a 3DPW sequence file'),
        ({'extra': _Harmful()}, None, ValueError, 'asks for posix.system, which could run code'),
        ({'cam_poses': None}, None, ValueError, 'courtyard_box_00.pkl has no cam_poses'),
        (
            {},
            lambda root: (root / 'imageFiles/courtyard_box_00/image_00000.jpg').unlink(),
            FileNotFoundError,
            'found none at .*image_00000.jpg',
        ),
    ],
)
def test_bad_download_is_named(download, changes, spoil, error, message):
    root = download(**changes)
    if changes.get('cam_poses', 1) is None:
        path = root / 'sequenceFiles/test/courtyard_box_00.pkl'
        sequence = pickle.loads(path.read_bytes())
        del sequence['cam_poses']
        path.write_bytes(pickle.dumps(sequence))
    if spoil:
        spoil(root)
    with pytest.raises(error, match=message):
        convert_pw3d(root=root, out=root / 'x.json', subset='test')


def test_unknown_subset_and_missing_files_are_named(tmp_path):
    with pytest.raises(KeyError, match="'val'; known: train, validation, test, oc, pc"):
        convert_pw3d(root=tmp_path, out=tmp_path / 'x.json', subset='val')
    with pytest.raises(FileNotFoundError, match='no .*pkl in .*sequenceFiles'):
        convert_pw3d(root=tmp_path, out=tmp_path / 'x.json', subset='test')
