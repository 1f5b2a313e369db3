import copy

import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.transforms import BodyModelKeypoints
from dpmesh_plugin.datasets.transforms.augmentation import Augmentation, apply_augmentation


def _mesh_joints(body_model, person: dict) -> np.ndarray:
    tensors = {name: torch.as_tensor(value)[None] for name, value in person['smpl'].items()}
    output = body_model(**tensors, gender=person['gender'])
    return body_model.regress(output.vertices, 'dpmesh_30')[0].numpy()


def test_joints_are_those_of_the_mesh(body_model, person):
    joints = _mesh_joints(body_model, person)
    results = BodyModelKeypoints(body_model=body_model).transform(person)
    np.testing.assert_allclose(results['pelvis'], joints[0], atol=1e-5)
    np.testing.assert_allclose(results['fit_keypoints_3d'], joints - joints[0], atol=1e-5)
    nose = joints[24]
    expected = [nose[0] / nose[2] * 100 + 47, nose[1] / nose[2] * 110 + 33]
    np.testing.assert_allclose(results['fit_keypoints_2d'][24], expected, rtol=1e-4)
    np.testing.assert_array_equal(results['keypoints_2d'], results['fit_keypoints_2d'])
    np.testing.assert_allclose(results['smpl']['transl'], [0.1, 0.2, 3], atol=1e-6)


@pytest.mark.parametrize(
    'augmentation', [Augmentation(rotation=34), Augmentation(flip=True, rotation=-50)]
)
def test_turned_body_agrees_with_its_parameters(body_model, person, augmentation):
    transform = BodyModelKeypoints(body_model=body_model)
    straight = transform.transform(copy.deepcopy(person))
    turned = transform.transform(apply_augmentation(person, augmentation))
    # The parameters, translation included, give the joints in the turned camera ...
    joints = _mesh_joints(body_model, turned)
    np.testing.assert_allclose(joints - joints[0], turned['fit_keypoints_3d'], atol=1e-5)
    np.testing.assert_allclose(joints[0], turned['pelvis'], atol=2e-3)
    # ... which are the turned joints, and are seen at the same pixels of the original image.
    order = np.arange(30)
    if augmentation.flip:
        for left in (1, 4, 7, 10, 13, 16, 18, 20, 22, 25, 27):
            order[[left, left + 1]] = left + 1, left
    expected = straight['fit_keypoints_3d'][order] @ augmentation.turn.T
    np.testing.assert_allclose(turned['fit_keypoints_3d'], expected, atol=1e-4)
    # 0.05 px: the regressed pelvis is half a millimetre off the joint that is mirrored
    np.testing.assert_allclose(
        turned['fit_keypoints_2d'], straight['fit_keypoints_2d'][order], atol=0.05
    )


def test_annotated_joints_are_kept(body_model, person):
    person['keypoints_2d'] = np.ones((30, 2), np.float32)
    results = BodyModelKeypoints(body_model=body_model).transform(person)
    assert (results['keypoints_2d'] == 1).all()
    assert not (results['fit_keypoints_2d'] == 1).all()


@pytest.mark.parametrize('augmentation', [Augmentation(), Augmentation(flip=True, rotation=40)])
def test_given_joints_in_space_save_the_body(body_model, person, augmentation):
    transform = BodyModelKeypoints(body_model=body_model)
    computed = transform.transform(copy.deepcopy(person))
    given = person | {
        'keypoints_3d': np.zeros((30, 3), np.float32),
        'pelvis': computed['pelvis'],
    }
    results = transform.transform(apply_augmentation(given, augmentation))
    np.testing.assert_allclose(
        results['fit_keypoints_2d'], [computed['fit_keypoints_2d'][0]] * 30, rtol=1e-5
    )
    expected = transform.transform(apply_augmentation(person, augmentation))
    np.testing.assert_allclose(results['smpl']['transl'], expected['smpl']['transl'], atol=2e-3)


def test_joints_behind_the_camera_have_no_place_in_the_image(body_model, person):
    transform = BodyModelKeypoints(body_model=body_model)
    pelvis = transform.transform(copy.deepcopy(person))['pelvis']
    person['smpl']['transl'][2] -= pelvis[2]
    results = transform.transform(person)
    behind = results['fit_keypoints_3d'][:, 2] + results['pelvis'][2] <= 0
    assert 0 < behind.sum() < 30
    np.testing.assert_array_equal(results['fit_keypoints_valid'] == 0, behind)
    np.testing.assert_array_equal(results['keypoints_2d_valid'] == 0, behind)
    assert results['keypoints_3d_valid'].all()
    assert np.isfinite(results['fit_keypoints_2d']).all()


def test_person_without_a_fit_passes(body_model):
    assert BodyModelKeypoints(body_model=body_model).transform({'a': 1}) == {'a': 1}


def test_other_body_model_is_refused(body_model, person):
    person['body_model_id'] = 'smpl'
    with pytest.raises(ValueError, match="annotation 101: annotated with body model 'smpl', but"):
        BodyModelKeypoints(body_model=body_model).transform(person)
    person['body_model_id'] = body_model.model_id.split('-')[0]  # the family will do
    BodyModelKeypoints(body_model=body_model).transform(person)
