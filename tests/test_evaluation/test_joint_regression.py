import pytest
import torch

from dpmesh_plugin.evaluation.joint_regression import JointRegression, JointSpec
from dpmesh_plugin.structures import get_keypoint_set


@pytest.fixture(scope='module')
def vertices(body):
    random = torch.Generator().manual_seed(0)
    return torch.randn(3, body.num_vertices, 3, generator=random)


@pytest.mark.parametrize('keypoint_set', ['h36m_17', 'smpl_24', 'dpmesh_30'])
@pytest.mark.parametrize('planes', [False, True])
def test_it_equals_the_body_model(body, vertices, keypoint_set, planes):
    given = vertices.mT.contiguous().mT if planes else vertices
    joints = JointRegression(body, keypoint_set)(given)
    torch.testing.assert_close(joints, body.regress(vertices, keypoint_set), atol=1e-5, rtol=0)


def test_some_joints_of_a_set(body, vertices):
    pelvis = JointRegression(body, 'smpl_24', ('pelvis',))(vertices)
    torch.testing.assert_close(pelvis, body.regress(vertices, 'smpl_24')[:, :1], atol=1e-5, rtol=0)


def test_roots_of_the_published_joints(vertices):
    h36m = get_keypoint_set('h36m_17')
    regressed = vertices[:, : h36m.num].double()
    measured = regressed[:, [h36m.index(name) for name in get_keypoint_set('h36m_14').names]]

    def shift(root):
        difference = measured - JointSpec('h36m_14', root).centred(regressed)
        torch.testing.assert_close(difference, difference[:, :1].expand_as(difference))
        return difference[:, 0]

    torch.testing.assert_close(shift('pelvis'), regressed[:, h36m.index('pelvis')])
    hips = [h36m.index('left_hip'), h36m.index('right_hip')]
    torch.testing.assert_close(shift('mean_of_hips'), regressed[:, hips].mean(1))
    assert shift('none').abs().max() == 0


@pytest.mark.parametrize(
    ('joint_set', 'root', 'message'),
    [
        ('h36m_14', 'tail', "'tail' is not in 'h36m_17'"),
        ('coco_17', 'pelvis', "'pelvis' is not in 'coco_17'"),
        ('h36m_15', 'pelvis', "unknown keypoint set 'h36m_15'"),
    ],
)
def test_unknown_names_list_the_known(joint_set, root, message):
    with pytest.raises(KeyError, match=message):
        JointSpec(joint_set, root)
