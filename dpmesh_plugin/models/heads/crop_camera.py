"""The camera that the published model puts behind a crop, and the way from it to the real one.

Convention: camera axes x right, y down, z forward; metres. The camera of a crop has its principal
point in the middle of the crop, and as focal length, in pixels of the crop, the diagonal of the
original image in its own pixels: 1000 px for an 800x600 image, whatever the size of the crop.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dpmesh_plugin.geometry.camera import crop_translation, full_image_translation
from dpmesh_plugin.geometry.crop import crop_box
from dpmesh_plugin.structures import MeshDataSample, stack_meta


def crop_focal(data_samples: Sequence[MeshDataSample]) -> Tensor:
    """Focal lengths (B,) of the cameras of some crops, px.

    Args:
        data_samples: B samples with the metainfo ``ori_shape``.
    """
    return stack_meta(data_samples, 'ori_shape').to(torch.float32).norm(dim=-1)


def image_cameras(data_samples: Sequence[MeshDataSample]) -> dict[str, Tensor]:
    """Warps of some crops and the cameras of their images, float64.

    Args:
        data_samples: B samples with the metainfo ``warp_mat, focal_length, principal_point``.

    Returns:
        ``warp`` (B, 2, 3), ``focal`` (B, 2), ``principal_point`` (B, 2), the arguments of the
        functions of :mod:`dpmesh_plugin.geometry.crop`.
    """
    fields = {'warp': 'warp_mat', 'focal': 'focal_length', 'principal_point': 'principal_point'}
    return {
        name: stack_meta(data_samples, field).to(torch.float64) for name, field in fields.items()
    }


def translation_in_image(
    transl: Tensor, focal: Tensor, data_samples: Sequence[MeshDataSample], *, input_size: int
) -> Tensor:
    """Translations in the cameras of the original images, in the axes that go with the crops.

    The camera of the crop is exchanged for one with the focal length of the original image: where
    that is longer, the same picture comes from a body that is farther away.

    Args:
        transl: (B, 3) in the cameras of the crops, m.
        focal: (B,) focal lengths of the cameras of the crops, px.
        data_samples: B samples with the metainfo ``warp_mat, focal_length, principal_point``.
        input_size: Side of the crop, px.

    Returns:
        (B, 3), m.
    """
    view = _image_view(data_samples, transl, input_size)
    depth = transl[:, 2:] * (view['focal'] / focal)[:, None]
    return full_image_translation(
        torch.cat([transl[:, :2], depth], dim=-1), **view, input_size=input_size
    )


def translation_in_crop(
    transl: Tensor, focal: Tensor, data_samples: Sequence[MeshDataSample], *, input_size: int
) -> Tensor:
    """Translations in the cameras of the crops, the inverse of :func:`translation_in_image`.

    Args:
        transl: (B, 3) in the cameras of the original images, in the axes that go with the crops, m.
        focal: (B,) focal lengths of the cameras of the crops, px.
        data_samples: B samples with the metainfo ``warp_mat, focal_length, principal_point``.
        input_size: Side of the crop, px.

    Returns:
        (B, 3), m.
    """
    view = _image_view(data_samples, transl, input_size)
    moved = crop_translation(transl, **view, input_size=input_size)
    depth = moved[:, 2:] * (focal / view['focal'])[:, None]
    return torch.cat([moved[:, :2], depth], dim=-1)


def _image_view(
    data_samples: Sequence[MeshDataSample], like: Tensor, input_size: int
) -> dict[str, Tensor]:
    """Focal length (B,), box (B, 4) of the crop about the principal point, and that (B, 2)."""
    cameras = image_cameras(data_samples)
    principal_point = cameras['principal_point']
    view = {
        'bbox_xywh': crop_box(cameras['warp'], principal_point, input_size=input_size),
        'focal': cameras['focal'].mean(-1),
        'principal_point': torch.zeros_like(principal_point),
    }
    return {name: value.to(like) for name, value in view.items()}
