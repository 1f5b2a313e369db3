"""Training samples with pinned augmentation."""

from collections.abc import Mapping

import numpy as np

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

from .parity_set import ParitySet, below
from .rows import Report

SETS = {'h36m': 'h36m_17', 'muco': 'muco_21', 'crowdpose': 'crowdpose_15', 'coco': 'coco_19'}
# The release mixes up arms and legs of mirrored CrowdPose; the right values are stored beside.
MIRRORED_NAMES = {'crowdpose': 'crowdpose_fixed_pairs'}
# The release scales the prompts of this set to another grid than that of the heatmaps.
PROMPT_GRID = {'coco': 64}
HEATMAP_GRID, IMAGE_GRID, CROP = 32, 64, 256
# The release makes up no neck for this set; the noise model puts one at another place.
UNCOMPARED_PROMPT = {'coco': (12,)}
LIMIT, FIT_LIMIT, SPACE_LIMIT = 1e-5, 1e-5, 1e-5

Record = Mapping[str, np.ndarray]


def compare_training_targets(parity: ParitySet, body: SMPL, report: Report) -> None:
    """Every record and augmentation of ``train_targets.npz``."""
    record = parity.arrays('train_targets.npz')
    if record is None:
        report.notes.append('targets: train_targets.npz is not in the set')
        return
    names = sorted({'.'.join(name.split('.')[:2]) for name in record if '.rec.' in name})
    for name in names:
        for index in range(len(record['aug.scale'])):
            kind, number = name.split('.')
            stored = MIRRORED_NAMES.get(kind, kind) if record['aug.flip'][index] else kind
            prefix = f'{stored}.{number}.aug{index}.'
            expected = below(record, prefix)
            if not expected:
                report.notes.append(f'targets: no {prefix}* in train_targets.npz')
                continue
            _compare_record(record, name, index, expected, body, report)


def _compare_record(
    record: Record, name: str, index: int, expected: Record, body: SMPL, report: Report
) -> None:
    results = prepare_record(record, name, index, body)
    kind = name.split('.')[0]
    where = f'targets/{name}.aug{index}.'

    def add(field: str, ours: object, recorded: object, limit: float) -> None:
        report.add(where + field, ours, recorded, limit)

    valid = expected['meta.orig_joint_valid'][:, 0] > 0
    axes = [0, 1, 2] if expected['meta.is_3D'] else [0, 1]
    compared = np.ix_(valid, axes)
    recorded = expected['targets.orig_joint_img']
    add('orig_joint_img', _cells(results)[compared], recorded[compared], LIMIT)
    truncation = expected['meta.orig_joint_trunc'][:, 0]
    add('orig_joint_trunc', results['keypoints_2d_valid'], truncation, 0.0)
    add('orig_joint_cam', results['keypoints_3d'], expected['targets.orig_joint_cam'], SPACE_LIMIT)
    visible = expected['inputs.joints_mask'][:, 0]
    add('joints_mask', results['prompt_visible'], visible, 0.0)
    kept = np.setdiff1d(np.arange(30), UNCOMPARED_PROMPT.get(kind, ()))
    prompt = results['prompt_keypoints'] / CROP * PROMPT_GRID.get(kind, HEATMAP_GRID)
    add('joints', prompt[kept], expected['inputs.joints'][kept], LIMIT)
    limbs = np.repeat(results['pose_valid'], 3)
    add('fit_param_valid', limbs, expected['meta.fit_param_valid'], 0.0)
    add('is_valid_fit', results['smpl_valid'] > 0, bool(record[f'{name}.rec.has_fit']), 0.0)
    if record[f'{name}.rec.has_fit']:
        pose = np.append(results['smpl']['global_orient'], results['smpl']['body_pose'])
        add('pose_param', pose, expected['targets.pose_param'], SPACE_LIMIT)
        add('shape_param', results['smpl']['betas'], expected['targets.shape_param'], 0.0)
        # The recorded camera joints of this set are stored in another unit (README, Q16).
        in_space = expected['targets.fit_joint_cam'] * (1000 if kind == 'h36m' else 1)
        add('fit_joint_cam', results['fit_keypoints_3d'], in_space, SPACE_LIMIT)
        add('fit_joint_img', _fit_cells(results), expected['targets.fit_joint_img'], FIT_LIMIT)
        truncation = expected['meta.fit_joint_trunc'][:, 0]
        add('fit_joint_trunc', results['fit_keypoints_valid'], truncation, 0.0)


def prepare_record(record: Record, name: str, index: int, body: SMPL) -> dict:
    """One recorded person through the transforms of training.

    Args:
        record: ``train_targets.npz``.
        name: Set and number of the record, ``'h36m.0'``.
        index: Number of the pinned augmentation.
        body: The body of the fits.
    """
    augmentation = Augmentation(
        float(record['aug.scale'][index]),
        float(record['aug.rot_deg'][index]),
        bool(record['aug.flip'][index]),
    )
    factor = 1 + record[f'{name}.aug{index}.box_u'] / 5
    results = AnnotatedKeypoints().transform(_person(record, name, body))
    results = apply_augmentation(results, augmentation)
    results = BodyModelKeypoints(body_model=body).transform(results)
    results = KeypointsToPrompt(source='annotation').transform(results)
    box = square_box(clip_box(results['bbox_xywh'], results['ori_shape']), factor=factor)
    results['crop_box'] = box.astype(np.float32)
    results = TopdownAffine(absent_keypoints='zero').transform(results)
    return SMPLTargets().transform(results)


def _person(record: Record, name: str, body: SMPL) -> dict:
    def field(key: str) -> np.ndarray:
        return record[f'{name}.rec.{key}']

    width, height = (int(side) for side in record['image_wh'])
    joints, valid = field('joint_img')[:, :2], field('joint_valid')[:, 0]
    kind = name.split('.')[0]
    if kind == 'coco':  # 17 joints and the pelvis; there is no neck
        joints, valid = np.append(joints, [[0, 0]], axis=0), np.append(valid, 0)
    results = {
        'img': np.zeros((height, width, 3), np.uint8),
        'ori_shape': (width, height),
        'bbox_xywh': field('tight_bbox'),
        'gender': 'neutral',
        'body_model_id': body.model_id,
        'focal_length': record['camera.focal'],
        'principal_point': record['camera.princpt'],
        'annotated_keypoints': joints,
        'annotated_valid': valid,
        'annotated_set': SETS[kind],
    }
    if f'{name}.rec.joint_cam' in record:
        in_space = field('joint_cam') / 1000
        root = 0 if kind == 'h36m' else 14
        results['annotated_keypoints_3d'] = in_space - in_space[root]
    if field('has_fit'):
        pose = field('fit_pose').astype(np.float32)
        results['smpl'] = {
            'global_orient': pose[:3],
            'body_pose': pose[3:].reshape(23, 3),
            'betas': field('fit_shape').astype(np.float32),
            'transl': field('fit_trans').astype(np.float32),
        }
    return results


def _cells(results: dict, prefix: str = '') -> np.ndarray:
    """Image joints (30, 3) in cells of the image grid, 2 m of depth over the grid."""
    depth = results[f'{prefix}keypoints_3d'][:, 2:]
    points = results[f'{prefix}keypoints_2d'] / CROP * IMAGE_GRID
    return np.concatenate([points, (depth + 1) * IMAGE_GRID / 2], axis=1)


def _fit_cells(results: dict) -> np.ndarray:
    """Joints of the fitted body where the release puts them.

    It shifts mirrored fits under the camera of the image that is not mirrored, which is exact for
    the pelvis only, where the principal point is not the middle of the image.
    """
    cells, augmentation = _cells(results, 'fit_'), results['augmentation']
    if augmentation.flip:
        joints = (results['fit_keypoints_3d'] + results['pelvis']) @ augmentation.roll
        (focal, _), (centre, _) = results['focal_length'], results['principal_point']
        last = results['ori_shape'][0] - 1
        exact = joints[:, 0] / joints[:, 2] * focal + last - centre
        shift = (last - 2 * centre) / focal * (joints[0, 2])
        released = (joints[:, 0] + shift) / joints[:, 2] * focal + centre
        linear = results['warp_mat'][:, :2] * [-1, 1]
        cells[:, :2] += (released - exact)[:, None] * linear[:, 0] / (CROP / IMAGE_GRID)
    return cells
