"""What the loss compares with: joints and body parameters with their validity."""

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import get_keypoint_set, keypoint_map, map_keypoints

# Joints this many metres nearer or farther than the pelvis are outside the depth grid.
DEPTH_RANGE = 1.0
# Body fits say nothing reliable about the ends of the limbs (published rule).
END_JOINTS = (
    'left_ankle',
    'right_ankle',
    'left_toe',
    'right_toe',
    'left_wrist',
    'right_wrist',
    'left_hand',
    'right_hand',
)


def within_depth(keypoints_3d: np.ndarray) -> np.ndarray:
    """Which joints (K, 3), in metres relative to the pelvis, are inside the depth grid: (K,)."""
    depth = keypoints_3d[:, 2]
    return (depth >= -DEPTH_RANGE) & (depth < DEPTH_RANGE)


@TRANSFORMS.register_module()
class AnnotatedKeypoints(BaseTransform):
    """Bring annotated joints of any set into the joint order of the model.

    Required keys: ``annotated_keypoints`` (K, 2) px of the image, ``annotated_valid`` (K,),
    ``annotated_set``.

    Optional keys: ``annotated_keypoints_3d`` (K, 3) m, camera axes, relative to the pelvis.

    Added keys: ``keypoints_2d`` (30, 2) px of the image, ``keypoints_2d_valid`` (30,),
    ``keypoints_3d`` (30, 3) m, ``keypoints_3d_valid`` (30,), all float32; without joints in space
    the latter two are zero. ``keypoints_2d_known`` (30,) bool: joints that the set has.

    Args:
        keypoint_set: Joint order of the model.

    Raises:
        KeyError: unknown keypoint set.
        ValueError: not as many joints as the set has.
    """

    def __init__(self, *, keypoint_set: str = 'dpmesh_30') -> None:
        self.keypoint_set = get_keypoint_set(keypoint_set).name

    def transform(self, results: dict) -> dict:
        """Add the joint targets of one person."""
        source = results['annotated_set']

        def mapped(values: np.ndarray) -> np.ndarray:
            return map_keypoints(values, source, self.keypoint_set).astype(np.float32)

        results['keypoints_2d'] = mapped(results['annotated_keypoints'])
        valid = mapped(results['annotated_valid'][:, None])[:, 0]
        results['keypoints_2d_valid'] = valid
        results['keypoints_2d_known'] = keypoint_map(source, self.keypoint_set) >= 0
        in_space = results.get('annotated_keypoints_3d')
        if in_space is None:
            results['keypoints_3d'] = np.zeros((len(valid), 3), np.float32)
            results['keypoints_3d_valid'] = np.zeros_like(valid)
        else:
            results['keypoints_3d'] = mapped(in_space)
            results['keypoints_3d_valid'] = valid.copy()
        return results


@TRANSFORMS.register_module()
class SMPLTargets(BaseTransform):
    """State which body parameters the loss may use. For training only.

    A shape with an absurd coefficient becomes the mean shape, as published. A person without a fit
    gets parameters of zero that do not count, also as joints.

    Optional keys: ``smpl`` dict of ``global_orient``, ``body_pose``, ``betas``, ``transl``;
    ``smpl_valid``.

    Modified keys: ``smpl``.

    Added keys: ``pose_valid`` (24,) and ``smpl_valid`` (), float32; without ``smpl`` also
    ``fit_keypoints_2d``, ``fit_keypoints_3d``, ``fit_keypoints_valid`` of zeros.

    Args:
        ignored_joints: Joints of ``smpl_24`` whose rotation does not count.
        max_beta: Largest credible absolute shape coefficient.

    Raises:
        KeyError: an ignored joint is unknown.
    """

    def __init__(
        self, *, ignored_joints: tuple[str, ...] = END_JOINTS, max_beta: float = 3.0
    ) -> None:
        joints = get_keypoint_set('smpl_24')
        self._pose_valid = np.ones(joints.num, np.float32)
        self._pose_valid[[joints.index(name) for name in ignored_joints]] = 0
        self.max_beta = max_beta

    def transform(self, results: dict) -> dict:
        """Complete the targets of one person."""
        has_fit = 'smpl' in results
        results['pose_valid'] = self._pose_valid.copy()
        results['smpl_valid'] = np.float32(results.get('smpl_valid', 1) if has_fit else 0)
        if not has_fit:
            num_joints = get_keypoint_set('dpmesh_30').num
            results['smpl'] = {
                'global_orient': np.zeros(3, np.float32),
                'body_pose': np.zeros((23, 3), np.float32),
                'betas': np.zeros(10, np.float32),
                'transl': np.zeros(3, np.float32),
            }
            for name, size in (('keypoints_2d', 2), ('keypoints_3d', 3)):
                results[f'fit_{name}'] = np.zeros((num_joints, size), np.float32)
            results['fit_keypoints_valid'] = np.zeros(num_joints, np.float32)
        elif np.abs(results['smpl']['betas']).max() > self.max_beta:
            results['smpl']['betas'] = np.zeros_like(results['smpl']['betas'])
        return results
