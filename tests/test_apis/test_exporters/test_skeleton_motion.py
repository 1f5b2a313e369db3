import torch

from dpmesh_plugin.apis.exporters.axes import points_to_export_axes
from dpmesh_plugin.apis.exporters.person_track import person_tracks
from dpmesh_plugin.apis.exporters.skeleton_motion import SkeletonMotion


def _posed(motion):
    """Joints (T, J, 3) of the tree, in export axes."""
    turns, places = [motion.rotations[:, 0]], [motion.translations[:, 0]]
    for joint, parent in enumerate(motion.parents[1:], start=1):
        turns.append(turns[parent] @ motion.rotations[:, joint])
        offset = motion.translations[:, joint, :, None]
        places.append(places[parent] + (turns[parent] @ offset)[..., 0])
    return torch.stack(places, 1)


def test_the_tree_leads_to_the_joints_of_the_body(video, video_of_changing_shape, body):
    for sequence, stretches in ((video, False), (video_of_changing_shape, True)):
        motion = SkeletonMotion.of_track(person_tracks(sequence, body)[0], body)
        expected = torch.stack([torch.from_numpy(m.skeleton[0]) for m in sequence.frames])
        found = points_to_export_axes(_posed(motion)).float()
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        assert motion.stretches is stretches


def test_at_rest_a_person_stands_upright(photograph, body):
    motion = SkeletonMotion.of_track(person_tracks(photograph, body)[0], body)
    assert motion.rest_vertices.shape == (body.num_vertices, 3)
    top, nose = (motion.rest_vertices[body.landmarks[name]] for name in ('head_top', 'nose'))
    assert top[1] > motion.rest_vertices[:, 1].max() - 0.01
    assert nose[2] > top[2]
