"""Fields that annotation files of all layouts share, as columns and as one dict per person."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dpmesh_plugin.geometry.boxes import box_is_usable
from dpmesh_plugin.structures import get_keypoint_set

from .annotation_file import AnnotationFile

BAD_BOX = 'the annotated box is empty or outside the image'


def image_sizes(file: AnnotationFile) -> np.ndarray:
    """Sizes (N, 2) of the images, (w, h) px.

    Raises:
        ValueError: an image has no pixels.
    """
    sides = [file.column(side, 1, of_image=True) for side in ('width', 'height')]
    sizes = np.concatenate(sides, axis=1)
    if sizes.min(initial=1) < 1:
        row = int(sizes.min(axis=1).argmin())
        raise ValueError(
            f'{file.where(row)}: its image {file.images[row]["id"]} has the size (w, h) '
            f'{sizes[row].tolist()}; expected whole pixels, at least 1'
        )
    return sizes


def keep_usable_boxes(file: AnnotationFile) -> list[int]:
    """Forget annotations whose box is empty or outside the image; returns their ids."""
    usable = box_is_usable(file.column('bbox', 4), image_sizes(file))
    unusable = [id_ for id_, good in zip(file.ids, usable, strict=True) if not good]
    file.keep(usable)
    return unusable


def person_columns(file: AnnotationFile) -> dict[str, Sequence]:
    """Who is where and how much hidden, under the names of ``BaseMeshDataset``.

    Returns:
        ``sample_idx``, ``img_id``, ``bbox_xywh``, ``ori_shape``; where the file states them
        ``track_id``, ``frame_idx``, ``visibility``, ``occlusion``.
    """
    columns: dict[str, Sequence] = {
        'sample_idx': file.ids,
        'img_id': file.values('id', of_image=True),
        'bbox_xywh': file.column('bbox', 4),
        'ori_shape': [tuple(size) for size in image_sizes(file).astype(int).tolist()],
        **file.order(),
    }
    if file.has('visibility'):
        columns['visibility'] = visibility(file)
    if file.has('occlusion'):
        columns['occlusion'] = file.column('occlusion', 1)[:, 0].tolist()
    return columns


def joint_column(file: AnnotationFile, field: str, keypoint_set: str) -> np.ndarray:
    """Three numbers for every joint of a set, (N, K, 3) float32."""
    num = get_keypoint_set(keypoint_set).num
    return file.column(field, 3 * num).reshape(-1, num, 3)


def visibility(file: AnnotationFile) -> np.ndarray:
    """Codes (N, 30) int8 of why the joints of ``dpmesh_30`` are hidden."""
    return file.column('visibility', get_keypoint_set('dpmesh_30').num).astype(np.int8)


def smpl_columns(file: AnnotationFile) -> dict[str, np.ndarray]:
    """The fitted bodies in the fields of ``smpl``.

    Returns:
        ``global_orient`` (N, 3) and ``body_pose`` (N, 23, 3) rad, ``betas`` (N, 10), ``transl``
        (N, 3) m, camera axes, float32.

    Raises:
        ValueError: parameters beyond all measure.
    """
    pose, betas = file.column('smpl_param.pose', 72), file.column('smpl_param.shape', 10)
    file.check_smpl(pose, betas)
    return {
        'global_orient': pose[:, :3],
        'body_pose': pose[:, 3:].reshape(-1, 23, 3),
        'betas': betas,
        'transl': file.column('smpl_param.trans', 3),
    }


def as_rows(columns: Mapping[str, Sequence]) -> list[dict[str, Any]]:
    """One dict per person from columns of equal length."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
