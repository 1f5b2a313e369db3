import numpy as np
import pytest

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.datasets.transforms import (
    AnnotatedKeypoints,
    BodyModelKeypoints,
    KeypointsToPrompt,
    SMPLTargets,
    TopdownAffine,
)
from dpmesh_plugin.datasets.transforms.augmentation import Augmentation, apply_augmentation
from dpmesh_plugin.geometry.boxes import clip_box, square_box


def test_annotated_joints_are_mapped_by_name():
    results = AnnotatedKeypoints().transform(
        {
            'annotated_keypoints': np.arange(28.0).reshape(14, 2),
            'annotated_valid': np.r_[0, np.ones(13)],
            'annotated_set': 'crowdpose_14',
        }
    )
    # left_shoulder is 0 of crowdpose_14 and 16 of dpmesh_30; head_top 12 and 29
    assert results['keypoints_2d'][29].tolist() == [24, 25]
    assert results['keypoints_2d_valid'][[16, 29, 0]].tolist() == [0, 1, 0]
    assert results['keypoints_2d_known'][[16, 29, 0]].tolist() == [True, True, False]
    assert not results['keypoints_3d_valid'].any()


def test_limb_ends_and_absurd_shapes_do_not_count(person):
    results = SMPLTargets().transform(person)
    assert np.flatnonzero(results['pose_valid'] == 0).tolist() == [7, 8, 10, 11, 20, 21, 22, 23]
    assert results['smpl_valid'] == 1
    assert results['smpl']['betas'].any()
    person['smpl']['betas'][4] = -3.1
    assert not SMPLTargets().transform(person)['smpl']['betas'].any()
    assert SMPLTargets(ignored_joints=()).transform(person)['pose_valid'].all()


def test_person_without_a_fit_counts_nothing():
    results = SMPLTargets().transform({})
    assert results['smpl_valid'] == 0
    assert not results['fit_keypoints_valid'].any()
    assert results['smpl']['body_pose'].shape == (23, 3)


def test_unknown_joint_is_named():
    with pytest.raises(KeyError, match="'left_ankles'"):
        SMPLTargets(ignored_joints=('left_ankles',))


SETS = {'h36m': 'h36m_17', 'muco': 'muco_21', 'crowdpose': 'crowdpose_15', 'coco': 'coco_19'}


def _record(data, name: str, body: SMPL) -> dict:
    def record(key: str) -> np.ndarray:
        return data[f'{name}.rec.{key}']

    joints, valid = record('joint_img')[:, :2], record('joint_valid')[:, 0]
    if name.startswith('coco'):  # 17 joints and the pelvis; there is no neck
        joints, valid = np.append(joints, [[0, 0]], axis=0), np.append(valid, 0)
    results = {
        'img': np.zeros((480, 640, 3), np.uint8),
        'ori_shape': (640, 480),
        'bbox_xywh': record('tight_bbox'),
        'gender': 'neutral',
        'body_model_id': body.model_id,
        'focal_length': data['camera.focal'],
        'principal_point': data['camera.princpt'],
        'annotated_keypoints': joints,
        'annotated_valid': valid,
        'annotated_set': SETS[name.split('.')[0]],
    }
    if f'{name}.rec.joint_cam' in data.files:
        in_space = record('joint_cam') / 1000
        root = 0 if name.startswith('h36m') else 14
        results['annotated_keypoints_3d'] = in_space - in_space[root]
    if record('has_fit'):
        pose = record('fit_pose').astype(np.float32)
        results['smpl'] = {
            'global_orient': pose[:3],
            'body_pose': pose[3:].reshape(23, 3),
            'betas': record('fit_shape').astype(np.float32),
            'transl': record('fit_trans').astype(np.float32),
        }
    return results


def _prepare(data, name: str, index: int, body: SMPL) -> dict:
    augmentation = Augmentation(
        float(data['aug.scale'][index]),
        float(data['aug.rot_deg'][index]),
        bool(data['aug.flip'][index]),
    )
    factor = 1 + data[f'{name}.aug{index}.box_u'] / 5
    results = AnnotatedKeypoints().transform(_record(data, name, body))
    results = apply_augmentation(results, augmentation)
    results = BodyModelKeypoints(body_model=body).transform(results)
    results = KeypointsToPrompt(source='annotation').transform(results)
    box = square_box(clip_box(results['bbox_xywh'], (640, 480)), factor=factor)
    results['crop_box'] = box.astype(np.float32)
    results = TopdownAffine(absent_keypoints='zero').transform(results)
    return SMPLTargets().transform(results)


def _cells(results: dict, prefix: str = '') -> np.ndarray:
    depth = results[f'{prefix}keypoints_3d'][:, 2:]
    return np.concatenate([results[f'{prefix}keypoints_2d'] / 4, (depth + 1) * 32], axis=1)


def _release_projection(results: dict) -> np.ndarray:
    """Mirrored fits in the release: shifted under the camera of the image that is not mirrored.

    Exact for the pelvis only, where the principal point is not the middle of the image.
    """
    augmentation, pelvis = results['augmentation'], results['pelvis']
    joints = (results['fit_keypoints_3d'] + pelvis) @ augmentation.roll
    (focal, _), (centre, _) = results['focal_length'], results['principal_point']
    exact = joints[:, 0] / joints[:, 2] * focal + 639 - centre
    shift = (639 - 2 * centre) / focal * (joints[0, 2])
    released = (joints[:, 0] + shift) / joints[:, 2] * focal + centre
    return released - exact


@pytest.fixture(scope='module')
def synthetic_body(shared_dir) -> SMPL:
    return SMPL(path=shared_dir / 'parity' / 'synthetic_body.npz')


@pytest.mark.parametrize('index', [0, 1, 2])
@pytest.mark.parametrize('record', [0, 1])
@pytest.mark.parametrize('name', list(SETS))
def test_published_targets(shared_dir, synthetic_body, name, record, index):
    data = np.load(shared_dir / 'parity' / 'train_targets.npz')
    results = _prepare(data, f'{name}.{record}', index, synthetic_body)
    mirrored = bool(data['aug.flip'][index])
    # The release mixes up arms and legs of mirrored CrowdPose; the right values are stored too.
    stored = 'crowdpose_fixed_pairs' if name == 'crowdpose' and mirrored else name
    prefix = f'{stored}.{record}.aug{index}.'
    expected = {k.removeprefix(prefix): data[k] for k in data.files if k.startswith(prefix)}

    valid = expected['meta.orig_joint_valid'][:, 0] > 0
    has_depth = bool(expected['meta.is_3D'])
    compared = np.ix_(valid, [0, 1, 2] if has_depth else [0, 1])
    image_joints = expected['targets.orig_joint_img']
    np.testing.assert_allclose(_cells(results)[compared], image_joints[compared], atol=1e-4)
    truncation = expected['meta.orig_joint_trunc'][:, 0]
    np.testing.assert_array_equal(results['keypoints_2d_valid'], truncation)
    np.testing.assert_allclose(
        results['keypoints_3d'], expected['targets.orig_joint_cam'], atol=1e-6
    )

    np.testing.assert_array_equal(results['prompt_visible'], expected['inputs.joints_mask'][:, 0])
    grid = 64 if name == 'coco' else 32  # the release scales this set's prompts twice too large
    prompt = results['prompt_keypoints'] / 256 * grid
    compared = np.arange(30) != 12 if name == 'coco' else slice(None)
    np.testing.assert_allclose(prompt[compared], expected['inputs.joints'][compared], atol=1e-4)

    limbs = np.repeat(results['pose_valid'], 3)
    np.testing.assert_array_equal(limbs, expected['meta.fit_param_valid'])
    if data[f'{name}.{record}.rec.has_fit']:
        _check_fit(results, expected, name)
    else:
        assert results['smpl_valid'] == 0 == expected['meta.is_valid_fit']


def _check_fit(results: dict, expected: dict, name: str) -> None:
    pose = np.append(results['smpl']['global_orient'], results['smpl']['body_pose'])
    np.testing.assert_allclose(pose, expected['targets.pose_param'], atol=1e-5)
    np.testing.assert_array_equal(results['smpl']['betas'], expected['targets.shape_param'])
    in_space = expected['targets.fit_joint_cam'] * (1000 if name == 'h36m' else 1)
    np.testing.assert_allclose(results['fit_keypoints_3d'], in_space, atol=1e-5)

    cells = _cells(results, 'fit_')
    if results['augmentation'].flip:
        linear = results['warp_mat'][:, :2] * [-1, 1]
        cells[:, :2] += _release_projection(results)[:, None] * linear[:, 0] / 4
    np.testing.assert_allclose(cells, expected['targets.fit_joint_img'], atol=2e-4)
    truncation = expected['meta.fit_joint_trunc'][:, 0]
    np.testing.assert_array_equal(results['fit_keypoints_valid'], truncation)
