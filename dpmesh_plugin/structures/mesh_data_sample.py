"""One person in one crop: what the detector said, what is true, what was predicted."""

from mmengine.structures import BaseDataElement, InstanceData

SMPL_FIELDS = ('global_orient', 'body_pose', 'betas')
"""Parameters of a body; where it stands, ``transl``, is asked for beside them."""


class MeshDataSample(BaseDataElement):
    """Annotations and predictions of one person. Arrays carry a leading axis of length 1.

    Meta information (pixels; widths before heights): ``img_path``, ``sample_idx``, ``ori_shape``
    (w, h), ``input_size`` (w, h), ``warp_mat`` (2, 3) original pixels to crop pixels,
    ``bbox_xywh`` (4,) crop box in the original image, ``focal_length`` (2,) and
    ``principal_point`` (2,) of the original image, ``gender``, ``keypoint_set``.

    The fields, with K = 30 joints of ``dpmesh_30`` and V vertices:

    - ``prompt``: ``keypoints`` (1, K, 2) px of the crop, ``keypoint_scores`` (1, K),
      ``keypoints_visible`` (1, K) in {0, 1}.
    - ``clean_prompt``: the same without the errors of a detector, for a teacher; optional.
    - ``gt_instances``: ``keypoints_2d`` (1, K, 2) px of the crop; ``keypoints_3d`` (1, K, 3) m,
      camera axes, relative to the pelvis; the same two from the fitted body, ``fit_keypoints_2d``
      and ``fit_keypoints_3d``; ``keypoints_2d_valid``, ``keypoints_3d_valid``,
      ``fit_keypoints_valid`` (1, K); ``global_orient`` (1, 3), ``body_pose`` (1, 23, 3) rad,
      ``betas`` (1, 10), ``transl`` (1, 3) m; ``pose_valid`` (1, 24), ``smpl_valid`` (1,);
      ``visibility`` (1, K) int8, see :class:`~dpmesh_plugin.structures.visibility.Visibility`.
    - ``pred_instances``: ``global_orient``, ``body_pose``, ``betas``, ``camera`` (1, 3);
      ``transl`` (1, 3) m in the crop camera and ``transl_full`` (1, 3) m in the camera of the
      original image; ``vertices`` (1, V, 3) and ``joints`` (1, K, 3) m, camera axes, relative to
      the pelvis; ``pelvis`` (1, 3) m, so that a point is at ``vertices + pelvis + transl_full`` in
      the camera of the original image; ``view`` (1, 3, 3), the rotation from the axes of the crop
      camera, in which it is at ``vertices @ view + pelvis + transl``; ``keypoints_2d`` (1, K, 2) px
      of the crop.
    """

    @property
    def prompt(self) -> InstanceData:
        """Keypoints given to the model."""
        return self._prompt

    @prompt.setter
    def prompt(self, value: InstanceData) -> None:
        self.set_field(value, '_prompt', dtype=InstanceData)

    @prompt.deleter
    def prompt(self) -> None:
        del self._prompt

    @property
    def clean_prompt(self) -> InstanceData:
        """Keypoints given to a teacher."""
        return self._clean_prompt

    @clean_prompt.setter
    def clean_prompt(self, value: InstanceData) -> None:
        self.set_field(value, '_clean_prompt', dtype=InstanceData)

    @clean_prompt.deleter
    def clean_prompt(self) -> None:
        del self._clean_prompt

    @property
    def gt_instances(self) -> InstanceData:
        """What is known about the person."""
        return self._gt_instances

    @gt_instances.setter
    def gt_instances(self, value: InstanceData) -> None:
        self.set_field(value, '_gt_instances', dtype=InstanceData)

    @gt_instances.deleter
    def gt_instances(self) -> None:
        del self._gt_instances

    @property
    def pred_instances(self) -> InstanceData:
        """What the model says about the person."""
        return self._pred_instances

    @pred_instances.setter
    def pred_instances(self, value: InstanceData) -> None:
        self.set_field(value, '_pred_instances', dtype=InstanceData)

    @pred_instances.deleter
    def pred_instances(self) -> None:
        del self._pred_instances
