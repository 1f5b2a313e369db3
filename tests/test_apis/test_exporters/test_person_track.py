from dataclasses import replace

import numpy as np
import pytest

from dpmesh_plugin.apis.exporters import GLBExporter
from dpmesh_plugin.apis.exporters.person_track import person_tracks
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.registry import EXPORTERS


def _nobody(meshes):
    """The same picture without persons."""
    arrays = {
        name: value[:0]
        for name, value in vars(meshes).items()
        if isinstance(value, np.ndarray) and len(value) == 2 and name != 'image_size'
    }
    return replace(meshes, **arrays)


def test_a_track_has_the_frames_of_its_person(video, body):
    first, second = person_tracks(video, body)
    assert (first.person_id, second.person_id) == (4, 9)
    assert second.numbers.tolist() == [11, 12, 15]
    np.testing.assert_array_equal(second.body_pose[2], video.frames[5].body_pose[1])
    assert second.global_orient.shape == (3, 3)


def test_another_body_model_is_refused(photograph, body, tmp_path):
    other = replace(photograph.frames[0], body_model_id='smpl-12345678')
    with pytest.raises(ValueError, match=r"made with body model 'smpl-12345678'.*--body-model"):
        person_tracks(MeshSequence('photo', [other]), body)


def test_ids_that_repeat_are_refused(photograph, body, tmp_path):
    twice = MeshSequence('photo', [replace(photograph.frames[0], person_ids=np.array([3, 3]))])
    for name in ('glb', 'obj', 'png', 'gif'):
        exporter = EXPORTERS.build({'type': name})
        with pytest.raises(ValueError, match=r'one image must differ, got \[3, 3\]'):
            exporter.export(twice, body, tmp_path / 'photo')


@pytest.mark.parametrize('name', ['obj', 'ply', 'glb', 'bvh', 'png', 'gif', 'mp4'])
def test_a_picture_without_persons_is_named(name, photograph, body, tmp_path):
    empty = MeshSequence('lawn', [_nobody(photograph.frames[0])])
    with pytest.raises(ValueError, match='lawn has no persons, so there is nothing to export'):
        EXPORTERS.build({'type': name}).export(empty, body, tmp_path / 'lawn')
    assert list(tmp_path.iterdir()) == []


def test_a_video_may_have_frames_without_persons(video, body, tmp_path):
    frames = [*video.frames[:3], _nobody(video.frames[1])]
    some = MeshSequence('walk', frames, (0, 1, 2, 3), 25.0)
    assert len(GLBExporter().export(some, body, tmp_path / 'walk')) == 1
    assert [len(track.numbers) for track in person_tracks(some, body)] == [3, 2]
