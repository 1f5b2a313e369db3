import numpy as np
import pytest
import torch

from dpmesh_plugin.apis import ImageMeshes
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import get_keypoint_set

INTRINSICS = np.array([[900.0, 0, 320], [0, 900.0, 240], [0, 0, 1]])


@pytest.fixture(scope='session')
def body():
    return SMPL()


@pytest.fixture(scope='session')
def photograph(body):
    """Persons 4 and 9 in one picture."""
    return MeshSequence('photo', _frames(body, {4: 1, 9: 1}))


@pytest.fixture(scope='session')
def video(body):
    """Person 4 in frames 10 to 15 of a video, person 9 in 11, 12 and 15."""
    frames = _frames(body, {4: 6, 9: 6}, found={9: (1, 2, 5)})
    return MeshSequence('walk', frames, tuple(range(10, 16)), 25.0)


@pytest.fixture(scope='session')
def video_of_changing_shape(body):
    """A video whose frames were predicted one by one, each with another shape."""
    return MeshSequence('walk', _frames(body, {4: 4}, shape_noise=0.1), (0, 1, 2, 3), 25.0)


def _frames(body, persons, *, found=None, shape_noise=0.0):
    """Made-up bodies: every frame of a person turns each joint a little further."""
    generator = torch.Generator().manual_seed(5)
    count = max(persons.values())
    tracks = {}
    for row, person in enumerate(persons):
        share = torch.linspace(0.4, 1, count)[:, None, None]
        pose = share * 0.35 * torch.randn(1, 24, 3, generator=generator)
        # Upright in front of the camera: half a turn about x leads from y up to y down.
        pose[:, 0] = torch.tensor([2.9, 0.3, -0.4]) * (0.8 + 0.2 * share[:, 0])
        noise = shape_noise * torch.randn(count, 10, generator=generator)
        betas = torch.randn(1, 10, generator=generator) + noise
        transl = torch.tensor([-0.6 + 1.1 * row, 0.2, 4 + row]) + 0.3 * share[:, 0]
        tracks[person] = (pose, betas, transl)
    found = found or {}
    return [
        _frame(body, {p: t for p, t in tracks.items() if index in found.get(p, (index,))}, index)
        for index in range(count)
    ]


def _frame(body, tracks, index):
    pose, betas, transl = (
        torch.stack([track[part][index] for track in tracks.values()]) for part in range(3)
    )
    output = body(
        global_orient=pose[:, 0].contiguous(), body_pose=pose[:, 1:], betas=betas, transl=transl
    )
    joints = body.regress(output.vertices, 'dpmesh_30').numpy()
    pixels = joints @ INTRINSICS.T
    count = len(tracks)
    return ImageMeshes(
        image=f'picture_{index}.jpg',
        image_size=np.array([640, 480]),
        intrinsics=INTRINSICS,
        body_model_id=body.model_id,
        person_ids=np.array(list(tracks)),
        global_orient=pose[:, 0].numpy(),
        body_pose=pose[:, 1:].numpy(),
        betas=betas.numpy(),
        transl=transl.numpy(),
        vertices=output.vertices.numpy(),
        faces=body.faces.numpy().astype(np.int32),
        joints=joints,
        joint_names=np.array(get_keypoint_set('dpmesh_30').names),
        keypoints=pixels[..., :2] / pixels[..., 2:],
        keypoint_scores=np.ones((count, 30), np.float32),
        keypoints_visible=np.ones((count, 30), bool),
        boxes=np.tile([200.0, 100, 150, 300], (count, 1)),
        skeleton=output.joints.numpy(),
    )
