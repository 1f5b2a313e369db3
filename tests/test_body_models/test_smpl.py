import copy
import pickle

import numpy as np
import pytest
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.body_models.body_file import ASSETS, read_bodies
from dpmesh_plugin.geometry.rotation import mirror_pose
from dpmesh_plugin.registry import BODY_MODELS


@pytest.fixture(scope='module')
def synthetic(shared_dir):
    path = shared_dir / 'parity' / 'synthetic_body.npz'
    return SMPL(path=path, genders=('neutral', 'male', 'female'))


def test_builds_from_a_dict():
    model = BODY_MODELS.build({'type': 'SMPL', 'genders': ('female',)})
    assert isinstance(model, SMPL)
    assert model.genders == ('female',)


def test_rest_pose_is_the_template(body, random_parameters):
    zeros = {name: 0 * value for name, value in random_parameters(1).items()}
    output = body(**zeros)
    template = read_bodies(None, ['neutral'])['neutral']
    torch.testing.assert_close(output.vertices[0], torch.from_numpy(template.v_template))
    torch.testing.assert_close(output.joints, body.regress(output.vertices, 'smpl_24'))
    height = output.vertices[0].amax(0) - output.vertices[0].amin(0)
    assert height[1].item() == pytest.approx(1.706, abs=1e-3)
    assert body.faces.shape == (13776, 3)
    assert body.faces.dtype == torch.int64
    assert body.parents[:4] == (-1, 0, 0, 0)
    assert body.vertex_parts[body.landmarks['head_top']] == 15


def test_elbow_turns_the_forearm_about_the_elbow(body, random_parameters):
    parameters = {name: 0 * value for name, value in random_parameters(1).items()}
    rest = body(**parameters).joints[0]
    parameters['body_pose'][0, 17] = torch.tensor([0.0, -0.6, 0.0])
    bent = body(**parameters).joints[0]
    moved = (bent - rest).norm(dim=-1) > 1e-6
    assert moved.nonzero()[:, 0].tolist() == [20, 22]
    # the left forearm points along +x and a negative turn about y takes +x towards +z
    forearm = bent[20] - bent[18]
    assert torch.atan2(forearm[2], forearm[0]).item() == pytest.approx(0.6, abs=0.1)
    torch.testing.assert_close(forearm.norm(), (rest[20] - rest[18]).norm())


@pytest.mark.parametrize('gender', ['neutral', 'male', 'female'])
def test_agrees_with_smplx(body, gender, random_parameters):
    smplx = pytest.importorskip('smplx', reason='smplx is not installed')
    arrays = dict(np.load(ASSETS / f'openbody_{gender}.npz', allow_pickle=False))
    reference = smplx.SMPL(
        model_path='',
        data_struct=smplx.utils.Struct(**arrays),
        vertex_ids=dict.fromkeys(smplx.vertex_ids.vertex_ids['smplh'], 331),
        batch_size=4,
    )
    parameters = random_parameters(4)
    expected = reference(**{**parameters, 'body_pose': parameters['body_pose'].flatten(1)})
    output = body(**parameters, gender=gender)
    # 1e-6 m in float32, whose spacing at 2 m is 2.4e-7 m
    torch.testing.assert_close(output.vertices, expected.vertices, atol=1e-6, rtol=0)
    torch.testing.assert_close(output.joints, expected.joints[:, :24], atol=1e-6, rtol=0)
    parameters = random_parameters(4, dtype=torch.float64)
    expected = reference.double()(**{**parameters, 'body_pose': parameters['body_pose'].flatten(1)})
    output = copy.deepcopy(body).double()(**parameters, gender=gender)
    # smplx adds 1e-8 to every rotation component
    torch.testing.assert_close(output.vertices, expected.vertices, atol=1e-7, rtol=0)


def test_mirrored_pose_gives_the_mirrored_mesh(body, random_parameters):
    parameters = random_parameters(3)
    pose = torch.cat((parameters['global_orient'][:, None], parameters['body_pose']), dim=1)
    mirrored_pose = mirror_pose(pose)
    across = torch.tensor([-1.0, 1.0, 1.0])
    output = body(**parameters).vertices
    mirrored = body(
        global_orient=mirrored_pose[:, 0],
        body_pose=mirrored_pose[:, 1:],
        betas=parameters['betas'],
        transl=parameters['transl'] * across,
    ).vertices
    error = (mirrored[:, body.flip_vertices] - output * across).abs().max()
    assert error < 1e-6  # m; float32 rounding, the files themselves are symmetric to 1e-7 m


@pytest.mark.parametrize('keypoint_set', ['smpl_24', 'dpmesh_30', 'h36m_17', 'h36m_14', 'coco_17'])
def test_keypoints_are_the_regressed_ones(body, keypoint_set, random_parameters):
    parameters = random_parameters(3)
    genders = ['female', 'neutral', 'female']
    vertices = body(**parameters, gender=genders).vertices
    torch.testing.assert_close(
        body.keypoints(**parameters, gender=genders, keypoint_set=keypoint_set),
        body.regress(vertices, keypoint_set),
        atol=1e-6,
        rtol=0,
    )


def test_checkpoint_carries_the_id_and_no_body(body, synthetic, random_parameters):
    body.keypoints(**random_parameters(1), keypoint_set='smpl_24')
    state = torch.nn.ModuleDict({'body': body}).state_dict()
    assert list(state) == ['body._extra_state']
    assert bytes(state['body._extra_state'].tolist()).decode() == body.model_id
    torch.nn.ModuleDict({'body': SMPL()}).load_state_dict(state)
    with pytest.raises(ValueError, match='openbody-.*synthetic_body-'):
        torch.nn.ModuleDict({'body': synthetic}).load_state_dict(state)


def test_survives_pickling_and_a_change_of_type(body, random_parameters):
    parameters = random_parameters(1)
    expected = body.keypoints(**parameters, keypoint_set='coco_17')
    clone = pickle.loads(pickle.dumps(body)).double()
    output = clone.keypoints(**parameters, keypoint_set='coco_17')
    assert output.dtype == torch.float64
    torch.testing.assert_close(output.float(), expected, atol=1e-6, rtol=0)
    assert clone(**parameters).vertices.dtype == torch.float64


def test_use_adds_no_buffers(body, random_parameters):
    fresh = SMPL(genders=body.genders)
    fresh.keypoints(**random_parameters(1), keypoint_set='coco_17')
    assert [name for name, _ in fresh.named_buffers()] == [
        name for name, _ in SMPL(genders=body.genders).named_buffers()
    ]


def test_wrong_names_are_refused(body, random_parameters):
    parameters = random_parameters(2)
    with pytest.raises(KeyError, match='dpmesh_30'):
        body.regress(torch.zeros(1, 6890, 3), 'dpmesh_31')
    with pytest.raises(KeyError, match=r"no regressor for 'crowdpose_14'; it has: smpl_24"):
        body.keypoints(**parameters, keypoint_set='crowdpose_14')
    with pytest.raises(ValueError, match=r'\(B, 6890, 3\), got \(6890, 3\)'):
        body.regress(torch.zeros(6890, 3), 'smpl_24')
