"""Pinhole cameras, and the camera of a crop.

Convention: camera axes x right, y down, z forward; metres in, pixels out.
"""

import torch
from torch import Tensor

# Side of the square the published camera output is scaled to, in metres, as in the DPMesh release.
PERSON_EXTENT = 2.5
# Added to the depth by the published projection, so that depth zero does not divide by zero.
PUBLISHED_DEPTH_OFFSET = 1e-4


def project(
    points: Tensor, focal: Tensor, principal_point: Tensor, *, depth_offset: float = 0.0
) -> Tensor:
    """Pixel positions of points in front of a pinhole camera.

    Convention: ``u = f * x / (z + depth_offset) + cx``, likewise ``v``. The point (1, 2, 10) with
    focal length 100 and principal point (128, 128) lands at (138, 148).

    Args:
        points: Points ``(B, K, 3)`` in camera axes, m.
        focal: Focal length of every sample ``(B,)``, or ``(B, 2)`` as (fx, fy), px.
        principal_point: Principal point of every sample ``(B, 2)``, px.
        depth_offset: Added to every depth, m; the published model uses
            ``PUBLISHED_DEPTH_OFFSET``.

    Returns:
        Pixel positions ``(B, K, 2)``.

    Raises:
        ValueError: a shape does not match the others.
    """
    _check_batch('project', points, focal, principal_point)
    scale = _focal_pair(focal)[:, None]
    return points[..., :2] / (points[..., 2:] + depth_offset) * scale + principal_point[:, None]


def unproject(pixels: Tensor, depth: Tensor, focal: Tensor, principal_point: Tensor) -> Tensor:
    """Points of known depth behind pixels: the inverse of :func:`project`.

    Convention: pixel (138, 148) at depth 10 with focal length 100 and principal point (128, 128)
    is the point (1, 2, 10).

    Args:
        pixels: Pixel positions ``(B, K, 2)``.
        depth: Depths along the optical axis ``(B, K)``, m.
        focal: Focal length of every sample ``(B,)``, or ``(B, 2)`` as (fx, fy), px.
        principal_point: Principal point of every sample ``(B, 2)``, px.

    Returns:
        Points ``(B, K, 3)`` in camera axes, m.

    Raises:
        ValueError: a shape does not match the others.
    """
    _check_batch('unproject', pixels, focal, principal_point)
    rays = (pixels - principal_point[:, None]) / _focal_pair(focal)[:, None]
    return torch.cat((rays * depth[..., None], depth[..., None]), dim=-1)


def camera_to_translation(
    camera: Tensor, focal: Tensor, *, input_size: int = 256, extent: float = PERSON_EXTENT
) -> Tensor:
    """Translation of a person in the crop camera from the raw camera output of the head.

    Convention: ``(c0, c1, focal * extent / input_size * sigmoid(c2))``. The output (0.1, -0.2, 0)
    with focal length 1000 px gives (0.1, -0.2, 4.8828) m.

    Args:
        camera: Raw camera output ``(B, 3)``.
        focal: Focal length ``(B,)`` used on the crop, px.
        input_size: Side of the square crop, px.
        extent: Side of the square that fills the crop at sigmoid = 1, m.

    Returns:
        Translations ``(B, 3)``, m.

    Raises:
        ValueError: ``camera`` is not ``(B, 3)`` or ``focal`` is not ``(B,)``.
    """
    if camera.ndim != 2 or camera.shape[1] != 3 or focal.shape != camera.shape[:1]:
        raise ValueError(
            'camera_to_translation expects a camera (B, 3) and one focal length per sample (B,), '
            f'got {tuple(camera.shape)} and {tuple(focal.shape)}.'
        )
    depth = focal.to(camera) * (extent / input_size) * torch.sigmoid(camera[:, 2])
    return torch.stack((camera[:, 0], camera[:, 1], depth), dim=-1)


def full_image_translation(
    transl: Tensor,
    bbox_xywh: Tensor,
    focal: Tensor,
    principal_point: Tensor,
    *,
    input_size: int = 256,
) -> Tensor:
    """Translation in the camera of the whole image from the one in the crop camera.

    The crop camera has the focal length of the whole image and its principal point in the middle of
    the crop, so the person is brought to the depth at which it has the size of the box, and moved
    sideways to the middle of the box.

    Convention: the middle of a box is ``(x + w / 2, y + h / 2)``, its side ``sqrt(w * h)``. The
    translation (0, 0, 10) in a 512 px box around (500, 300), with focal length 1000 px and
    principal point (400, 300), becomes (0.5, 0, 5).

    Args:
        transl: Translations in the crop camera ``(B, 3)``, m.
        bbox_xywh: Crop boxes in the whole image ``(B, 4)``, px.
        focal: Focal length ``(B,)``, px.
        principal_point: Principal point of the whole image ``(B, 2)``, px.
        input_size: Side of the square crop, px.

    Returns:
        Translations ``(B, 3)`` in the axes of the whole image's camera, m.
    """
    corner, size = bbox_xywh[:, :2], bbox_xywh[:, 2:]
    depth = transl[:, 2:] * input_size / size.prod(-1, keepdim=True).sqrt()
    offset = (corner + 0.5 * size - principal_point) * depth / focal[:, None]
    return torch.cat((transl[:, :2] + offset, depth), dim=-1)


def crop_translation(
    transl: Tensor,
    bbox_xywh: Tensor,
    focal: Tensor,
    principal_point: Tensor,
    *,
    input_size: int = 256,
) -> Tensor:
    """Translation in the crop camera from the one in the camera of the whole image.

    The inverse of :func:`full_image_translation`.

    Convention: the translation (0.5, 0, 5) in a 512 px box around (500, 300), with focal length
    1000 px and principal point (400, 300), becomes (0, 0, 10).

    Args:
        transl: Translations in the axes of the whole image's camera ``(B, 3)``, m.
        bbox_xywh: Crop boxes in the whole image ``(B, 4)``, px.
        focal: Focal length ``(B,)``, px.
        principal_point: Principal point of the whole image ``(B, 2)``, px.
        input_size: Side of the square crop, px.

    Returns:
        Translations ``(B, 3)`` in the crop camera, m.
    """
    corner, size = bbox_xywh[:, :2], bbox_xywh[:, 2:]
    offset = (corner + 0.5 * size - principal_point) * transl[:, 2:] / focal[:, None]
    depth = transl[:, 2:] * size.prod(-1, keepdim=True).sqrt() / input_size
    return torch.cat((transl[:, :2] - offset, depth), dim=-1)


def _focal_pair(focal: Tensor) -> Tensor:
    """Focal lengths ``(B,)`` or ``(B, 2)`` as ``(B, 1)`` or ``(B, 2)``."""
    return focal[:, None] if focal.ndim == 1 else focal


def _check_batch(name: str, values: Tensor, focal: Tensor, principal_point: Tensor) -> None:
    """Refuse shapes that would broadcast into something else than one camera per sample."""
    batch = values.shape[:1]
    if (
        values.ndim != 3
        or focal.shape not in ((*batch,), (*batch, 2))
        or principal_point.shape != (*batch, 2)
    ):
        raise ValueError(
            f'{name} expects (B, K, D) positions, focal length (B,) or (B, 2) and principal point '
            f'(B, 2), got {tuple(values.shape)}, {tuple(focal.shape)} and '
            f'{tuple(principal_point.shape)}.'
        )
