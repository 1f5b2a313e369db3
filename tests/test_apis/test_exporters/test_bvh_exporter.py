import numpy as np
import pytest

from dpmesh_plugin.apis.exporters import BVHExporter
from dpmesh_plugin.structures import get_keypoint_set

NAMES = get_keypoint_set('smpl_24').names


def _read(path):
    """Joints with offset, parent and channels; frames (N, C); seconds per frame."""
    words = iter(path.read_text().split())
    joints, stack, ends = {}, [], []
    assert next(words) == 'HIERARCHY'
    for word in words:
        if word in ('ROOT', 'JOINT'):
            name = next(words)
            joints[name] = {'parent': stack[-1] if stack else None, 'channels': []}
        elif word == 'End':
            name = next(words)
        elif word == '{':
            stack.append(name)
        elif word == '}':
            stack.pop()
        elif word == 'OFFSET':
            offset = np.array([float(next(words)) for _ in range(3)])
            if stack[-1] in joints:
                joints[stack[-1]]['offset'] = offset
            else:
                ends.append(offset)
        elif word == 'CHANNELS':
            joints[stack[-1]]['channels'] = [next(words) for _ in range(int(next(words)))]
        elif word == 'MOTION':
            break
    assert next(words) == 'Frames:'
    count = int(next(words))
    assert (next(words), next(words)) == ('Frame', 'Time:')
    seconds = float(next(words))
    return joints, np.array(list(words), float).reshape(count, -1), seconds, ends


def _turn(axis, degrees):
    angle = np.deg2rad(degrees)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[second, first], matrix[first, second] = np.sin(angle), -np.sin(angle)
    return matrix


def _posed(joints, values):
    """Joints (24, 3) of one frame, in camera axes."""
    values, worlds = iter(values), {}
    for name, joint in joints.items():
        place, turn = joint['offset'].copy(), np.eye(3)
        for channel in joint['channels']:
            axis = 'XYZ'.index(channel[0])
            if channel.endswith('position'):
                place[axis] = next(values)
            else:
                turn = turn @ _turn(axis, next(values))
        above, origin = worlds.get(joint['parent'], (np.eye(3), np.zeros(3)))
        worlds[name] = (above @ turn, origin + above @ place)
    assert next(values, None) is None
    return np.stack([worlds[name][1] for name in NAMES]) * [1, -1, -1]


def test_forward_kinematics_give_the_joints_of_a_photograph(photograph, body, tmp_path):
    paths = BVHExporter().export(photograph, body, tmp_path / 'photo')
    assert [path.name for path in paths] == ['photo_person4.bvh', 'photo_person9.bvh']
    for row, path in enumerate(paths):
        joints, frames, _, ends = _read(path)
        assert set(joints) == set(NAMES)
        assert len(frames) == 1
        errors = _posed(joints, frames[0]) - photograph.frames[0].skeleton[row]
        assert np.abs(errors).max() < 1e-4
        # Toes, hands and the head reach beyond their joints.
        assert len(ends) == 5
        assert all(0.03 < np.linalg.norm(end) < 0.3 for end in ends)


def test_every_file_spans_the_video(video, body, tmp_path):
    first, second = BVHExporter().export(video, body, tmp_path / 'walk')
    joints, frames, seconds, _ = _read(first)
    assert seconds == pytest.approx(1 / 25)
    for values, meshes in zip(frames, video.frames, strict=True):
        assert np.abs(_posed(joints, values) - meshes.skeleton[0]).max() < 1e-4
    joints, frames, _, _ = _read(second)
    assert len(frames) == 6
    for index in (1, 2, 5):
        skeleton = video.frames[index].skeleton[1]
        assert np.abs(_posed(joints, frames[index]) - skeleton).max() < 1e-4
    # Before the person is found it waits in its first pose; in the gap it moves on evenly.
    np.testing.assert_allclose(frames[0], frames[1], atol=1e-6)
    root = frames[[2, 3, 4, 5], :3]
    np.testing.assert_allclose(
        root[1:] - root[:-1], np.tile(root[3] - root[0], (3, 1)) / 3, atol=3e-6
    )


def test_only_the_root_moves_unless_the_shape_changes(
    video, video_of_changing_shape, body, tmp_path
):
    path, _ = BVHExporter().export(video, body, tmp_path / 'same')
    joints, *_ = _read(path)
    assert [len(joint['channels']) for joint in joints.values()] == [6] + 23 * [3]
    (path,) = BVHExporter().export(video_of_changing_shape, body, tmp_path / 'other')
    joints, frames, _, _ = _read(path)
    assert {len(joint['channels']) for joint in joints.values()} == {6}
    for values, meshes in zip(frames, video_of_changing_shape.frames, strict=True):
        assert np.abs(_posed(joints, values) - meshes.skeleton[0]).max() < 1e-4
