"""Joints of the annotated body."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.registry import BODY_MODELS, TRANSFORMS

from .augmentation import Augmentation, rotate_axis_angle


@TRANSFORMS.register_module()
class BodyModelKeypoints(BaseTransform):
    """Compute the joints of the annotated body, in space and in the image.

    After ``RandomScaleRotateFlip`` the joints are those of the turned body, so that they agree with
    its parameters also where the body model is not quite symmetric. A person without ``smpl``
    passes unchanged.

    Required keys: ``smpl`` dict of ``global_orient`` (3,), ``body_pose`` (23, 3), ``betas`` (10,),
    ``transl`` (3,); ``gender``; ``body_model_id``; ``focal_length`` (2,), ``principal_point`` (2,).

    Optional keys: ``augmentation`` with ``camera_transl`` (3,) in the place of ``smpl.transl``;
    ``keypoints_3d`` (30, 3) with ``pelvis`` (3,): then nothing is computed but the projection.

    Modified keys: ``smpl``: ``transl`` in the turned camera, exact to about a millimetre under
    rotation (the pelvis that is regressed from the mesh is taken for the joint of the skeleton).

    Added keys: ``fit_keypoints_3d`` (30, 3) m, camera axes, relative to the pelvis; ``pelvis``
    (3,) m; ``fit_keypoints_2d`` (30, 2) px of the image; ``fit_keypoints_valid`` (30,), 0 behind
    the camera. And where there are none from an annotation: ``keypoints_2d``, ``keypoints_3d`` with
    their ``_valid``.

    Args:
        body_model: Body model or its config.
        keypoint_set: Joint order of the model.

    Raises:
        ValueError: the annotation was made with another body model.
    """

    def __init__(self, *, body_model: dict | nn.Module, keypoint_set: str = 'dpmesh_30') -> None:
        built = BODY_MODELS.build_part(body_model)
        self.body_model = built.eval().requires_grad_(False)
        self.keypoint_set = keypoint_set

    def transform(self, results: dict) -> dict:
        """Add the joints of one person."""
        if 'smpl' not in results:
            return results
        check_annotated_body(
            results['body_model_id'],
            self.body_model.model_id,
            f'{results.get("img_path")}, annotation {results.get("sample_idx")}',
        )
        augmentation = results.get('augmentation', Augmentation())
        transl = results.get('camera_transl', results['smpl'].get('transl'))
        if 'keypoints_3d' in results and 'pelvis' in results:
            joints = results['keypoints_3d'] + results['pelvis']
            rest = joints[0] @ augmentation.turn - transl
        else:
            joints, rest = self._turned_joints(results, transl, augmentation)
        results['smpl'] = results['smpl'] | {'transl': (joints[0] - rest).astype(np.float32)}
        relative = (joints - joints[:1]).astype(np.float32)
        seen = joints @ augmentation.turn  # its transpose leads back to the original camera
        in_front = seen[:, 2:] > 0
        rays = seen[:, :2] / np.where(in_front, seen[:, 2:], 1)
        image = rays * results['focal_length'] + results['principal_point']
        valid = in_front[:, 0].astype(np.float32)
        results['pelvis'] = joints[0].astype(np.float32)
        results['fit_keypoints_2d'] = image.astype(np.float32)
        results['fit_keypoints_3d'] = relative
        results['fit_keypoints_valid'] = valid
        if 'keypoints_2d' not in results:
            results['keypoints_2d'] = image.astype(np.float32)
            results['keypoints_2d_valid'] = valid.copy()
            results['keypoints_3d'] = relative.copy()
            results['keypoints_3d_valid'] = np.ones_like(valid)
        return results

    def _turned_joints(
        self, results: dict, transl: np.ndarray, augmentation: Augmentation
    ) -> tuple[np.ndarray, np.ndarray]:
        """Joints (30, 3) in the turned camera, and the pelvis (3,) of the body at the origin, m."""
        smpl = results['smpl']
        upright = rotate_axis_angle(smpl['global_orient'], augmentation.roll.T)
        joints = self._joints(
            smpl | {'global_orient': upright, 'transl': transl}, results['gender']
        )
        rest = joints[0] - transl
        if augmentation.flip:
            joints[:, 0] -= 2 * joints[0, 0]
        return joints @ augmentation.roll.T, rest

    def _joints(self, smpl: dict[str, np.ndarray], gender: str) -> np.ndarray:
        """Joints (30, 3) of a body, m."""
        tensors = {name: torch.from_numpy(value)[None] for name, value in smpl.items()}
        with torch.no_grad():
            joints = self.body_model.keypoints(
                **tensors, gender=gender, keypoint_set=self.keypoint_set
            )
        return joints[0].numpy()
