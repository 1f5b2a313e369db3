"""Random changes of the picture and, with it, of the truth."""

from dataclasses import dataclass

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import get_keypoint_set

from .randomness import new_generator

# Arrays with one row per joint, by the key that names their keypoint set.
_PER_JOINT = {
    'keypoint_set': ('keypoints', 'keypoint_scores'),
    'target_set': (
        'keypoints_2d',
        'keypoints_2d_valid',
        'keypoints_2d_known',
        'keypoints_3d',
        'keypoints_3d_valid',
        'visibility',
    ),
}
_MIRRORED_AXIS_ANGLE = np.array([1, -1, -1], np.float32)


@dataclass(frozen=True)
class Augmentation:
    """One draw.

    Args:
        scale: Factor on the crop box.
        rotation: Rotation of the crop box, degrees, as in ``crop_affine``.
        flip: Whether the picture is mirrored left to right, before the rotation.
    """

    scale: float = 1.0
    rotation: float = 0.0
    flip: bool = False

    @property
    def roll(self) -> np.ndarray:
        """Rotation (3, 3) about the optical axis: the content turns against the box."""
        angle = -np.deg2rad(self.rotation)
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])

    @property
    def turn(self) -> np.ndarray:
        """Map (3, 3) from the axes of the camera to those of the turned one."""
        return self.roll * [-1, 1, 1] if self.flip else self.roll


@TRANSFORMS.register_module()
class RandomScaleRotateFlip(BaseTransform):
    """Scale, rotate and mirror one person as in the published training.

    What is in space turns with the picture: into the axes of a camera that looks at the mirrored
    scene and is rolled about its optical axis. Image coordinates stay those of the original image,
    only left and right change names: ``TopdownAffine`` puts the change into its one map. Comes
    after what reads annotations and before ``BodyModelKeypoints``, ``KeypointsToPrompt``,
    ``CropBox`` and ``TopdownAffine``.

    Optional keys: ``keypoints``, ``keypoint_scores`` with ``keypoint_set``; ``keypoints_2d``,
    ``keypoints_3d`` with their ``_valid``, and ``visibility``, all of ``target_set``; ``pelvis``
    (3,) m; ``smpl``; ``neighbours`` (M, 17, 3).

    Modified keys: the same. ``smpl`` loses ``transl``, which depends on the body's rest shape;
    ``BodyModelKeypoints`` puts it back.

    Added keys: ``augmentation``; ``camera_transl`` (3,) m, the translation before the turn.

    Args:
        scale: Scale factors are 1 + ``scale`` * n, n standard normal clipped to [-1, 1].
        rotation: Angles are ``rotation`` * n degrees, n standard normal clipped to [-2, 2].
        rotation_prob: Probability of a rotation.
        flip_prob: Probability of mirroring.
        target_set: Joint order of the targets.
    """

    def __init__(
        self,
        *,
        scale: float = 0.25,
        rotation: float = 30.0,
        rotation_prob: float = 0.6,
        flip_prob: float = 0.5,
        target_set: str = 'dpmesh_30',
    ) -> None:
        self.scale = scale
        self.rotation = rotation
        self.rotation_prob = rotation_prob
        self.flip_prob = flip_prob
        self.target_set = get_keypoint_set(target_set).name

    def transform(self, results: dict) -> dict:
        """Draw and apply one change."""
        return apply_augmentation(results, self.draw(new_generator()), self.target_set)

    def draw(self, generator: np.random.Generator) -> Augmentation:
        """Draw in the published order: scale, angle, whether to rotate, whether to mirror."""
        scale = 1 + self.scale * np.clip(generator.standard_normal(), -1, 1)
        angle = self.rotation * np.clip(generator.standard_normal(), -2, 2)
        rotated = generator.random() < self.rotation_prob
        flip = generator.random() < self.flip_prob
        return Augmentation(float(scale), float(angle) if rotated else 0.0, bool(flip))


def apply_augmentation(
    results: dict, augmentation: Augmentation, target_set: str = 'dpmesh_30'
) -> dict:
    """Turn the truth of one person as the picture will be turned (in place)."""
    if augmentation.flip:
        for key, names in _PER_JOINT.items():
            order = get_keypoint_set(results.get(key, target_set)).flip_indices
            results.update({name: results[name][order] for name in names if name in results})
        if 'neighbours' in results:
            order = get_keypoint_set('coco_17').flip_indices
            results['neighbours'] = results['neighbours'][:, order]
    for name in ('keypoints_3d', 'pelvis'):
        if name in results:
            results[name] = (results[name] @ augmentation.turn.T).astype(np.float32)
    if 'smpl' in results:
        smpl = dict(results['smpl'])
        results['camera_transl'] = smpl.pop('transl')
        results['smpl'] = _turned_body(smpl, augmentation)
    results['augmentation'] = augmentation
    return results


def _turned_body(smpl: dict, augmentation: Augmentation) -> dict:
    orientation, body_pose = smpl['global_orient'], smpl['body_pose']
    if augmentation.flip:
        order = get_keypoint_set('smpl_24').flip_indices[1:] - 1
        body_pose = body_pose[order] * _MIRRORED_AXIS_ANGLE
        orientation = orientation * _MIRRORED_AXIS_ANGLE
    orientation = rotate_axis_angle(orientation, augmentation.roll)
    return {**smpl, 'global_orient': orientation, 'body_pose': body_pose}


def rotate_axis_angle(axis_angle: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """The axis-angle (3,) float32 of a rotation followed by another one (3, 3)."""
    matrix = rotation @ cv2.Rodrigues(np.asarray(axis_angle, np.float64))[0]
    return cv2.Rodrigues(matrix)[0][:, 0].astype(np.float32)


@TRANSFORMS.register_module()
class RandomChannelScale(BaseTransform):
    """Multiply every colour channel by a factor of its own; values stay in 0..255.

    Required keys: ``img`` (h, w, 3) uint8 or float32 in 0..255.

    Modified keys: ``img``.

    Args:
        amount: Factors are uniform in [1 - amount, 1 + amount].
    """

    def __init__(self, *, amount: float = 0.2) -> None:
        self.amount = amount

    def transform(self, results: dict) -> dict:
        """Change the colours of one crop."""
        factors = new_generator().uniform(1 - self.amount, 1 + self.amount, 3)
        results['img'] = scale_channels(results['img'], factors)
        return results


def scale_channels(image: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiply channels of an image (h, w, 3) and clip to 0..255; uint8 is rounded."""
    if image.dtype == np.uint8:
        levels = np.clip(np.rint(np.arange(256)[:, None] * factors), 0, 255).astype(np.uint8)
        return cv2.LUT(image, levels[None])
    return np.clip(image * factors, 0, 255).astype(image.dtype)
