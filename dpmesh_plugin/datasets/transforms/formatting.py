"""The one place where samples are packed."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import MeshDataSample
from dpmesh_plugin.structures.mesh_batch import instances

_TRUTH = (
    'keypoints_2d',
    'keypoints_2d_valid',
    'keypoints_3d',
    'keypoints_3d_valid',
    'fit_keypoints_2d',
    'fit_keypoints_3d',
    'fit_keypoints_valid',
    'pose_valid',
    'smpl_valid',
    'visibility',
)
_REQUIRED_META = (
    'img_path',
    'sample_idx',
    'ori_shape',
    'input_size',
    'warp_mat',
    'focal_length',
    'principal_point',
)
_OPTIONAL_META = (
    'gender',
    'img_id',
    'sequence',
    'track_id',
    'frame_idx',
    'occlusion',
    'body_model_id',
    'augmentation',
    'skipped',
)


@TRANSFORMS.register_module()
class PackMeshInputs(BaseTransform):
    """Pack one person into the crop and a :class:`MeshDataSample`.

    A skipped sample is packed without ground truth.

    Required keys: ``img`` (h, w, 3) RGB, unless ``image=False``; ``prompt_keypoints`` (30, 2) px of
    the crop, ``prompt_scores`` (30,), ``prompt_visible`` (30,), ``prompt_set``; ``crop_box`` (4,);
    ``img_path``, ``sample_idx``, ``ori_shape``, ``input_size``, ``warp_mat``, ``focal_length``,
    ``principal_point``.

    Optional keys: ``clean_keypoints``, ``clean_scores``, ``clean_visible`` (see ``CleanPrompt``);
    ``latent`` (C, h, w) float32, with which ``img`` is not needed; the fields of ``gt_instances``
    without their leading axis; ``smpl``; ``gender``, ``img_id``, ``sequence``, ``track_id``,
    ``frame_idx``, ``occlusion``, ``body_model_id``, ``augmentation``, ``skipped``.

    Returns keys: ``inputs`` (3, h, w) of the type of ``img``, or ``latents`` (C, h, w), or neither
    with ``image=False``; ``data_samples``.

    Args:
        image: Whether the crop is packed. Not for models that see keypoints only.
    """

    def __init__(self, *, image: bool = True) -> None:
        self.image = image

    def transform(self, results: dict) -> dict:
        """Pack one person.

        Raises:
            KeyError: a required key is missing; the message says which transform adds it.
        """
        missing = [key for key in _REQUIRED_META if key not in results]
        if missing:
            raise KeyError(
                f'PackMeshInputs needs {", ".join(missing)}; warp_mat and input_size come from '
                'TopdownAffine, the others from the data set'
            )
        sample = MeshDataSample(metainfo=self._metainfo(results))
        sample.prompt = _instances(
            keypoints=results['prompt_keypoints'],
            keypoint_scores=results['prompt_scores'],
            keypoints_visible=results['prompt_visible'],
        )
        if 'clean_keypoints' in results:
            sample.clean_prompt = _instances(
                keypoints=results['clean_keypoints'],
                keypoint_scores=results['clean_scores'],
                keypoints_visible=results['clean_visible'],
            )
        if 'skipped' not in results:
            truth = {name: results[name] for name in _TRUTH if name in results}
            sample.gt_instances = _instances(**truth, **results.get('smpl', {}))
        if 'latent' in results:
            return {'latents': torch.from_numpy(results['latent']), 'data_samples': sample}
        if not self.image:
            return {'data_samples': sample}
        image = np.ascontiguousarray(results['img'].transpose(2, 0, 1))
        return {'inputs': torch.from_numpy(image), 'data_samples': sample}

    @staticmethod
    def _metainfo(results: dict) -> dict:
        metainfo = {key: results[key] for key in _REQUIRED_META}
        metainfo |= {key: results[key] for key in _OPTIONAL_META if key in results}
        metainfo['bbox_xywh'] = results['crop_box']
        metainfo['keypoint_set'] = results['prompt_set']
        return metainfo


def _instances(**fields: np.ndarray) -> InstanceData:
    """One instance: a leading axis of 1 for every field."""
    return instances(
        {name: torch.as_tensor(np.asarray(each))[None] for name, each in fields.items()}
    )
