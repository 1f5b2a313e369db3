"""Where a crop lies in the view of its camera.

Convention: a warp (2, 3) maps pixels of the image to pixels of the crop; pixel centres are
integers. Where it turns or mirrors the picture, the camera axes turn with it: x stays right, y down
in the crop. Camera axes x right, y down, z forward.
"""

import torch
from torch import Tensor


def crop_turn(warp: Tensor) -> Tensor:
    """Rotation or reflection of the camera axes that goes with a warp.

    The orthogonal polar factor of the warp: what is left without its scale or stretch. Of a matrix
    2x2 it is, but for its scale, the sum with the matrix of cofactors, or the difference where the
    determinant is negative.

    Convention: a warp that mirrors left and right gives ``diag(-1, 1, 1)``.

    Args:
        warp: (B, 2, 3).

    Returns:
        (B, 3, 3), from the axes of the camera to those that go with the crop.
    """
    a, b, c, d = warp[:, :, :2].flatten(1).unbind(1)
    sign = torch.sign(a * d - b * c)
    cofactors = torch.stack([d, -c, -b, a], dim=1).unflatten(1, (2, 2))
    factor = warp[:, :, :2] + sign[:, None, None] * cofactors
    turn = torch.eye(3, dtype=warp.dtype, device=warp.device).repeat(len(warp), 1, 1)
    turn[:, :2, :2] = factor / factor[:, :1].norm(dim=2, keepdim=True)
    return turn


def crop_projection(warp: Tensor, focal: Tensor, principal_point: Tensor) -> Tensor:
    """Matrices from points in the axes that go with the crop to homogeneous pixels of the crop.

    Convention: a crop of half size (warp ``[[0.5, 0, 0], [0, 0.5, 0]]``) of an image with focal
    length 100 and principal point (128, 128) shows the point (1, 2, 10) at (69, 74).

    Args:
        warp: (B, 2, 3).
        focal: (B, 2) as (fx, fy), px of the image.
        principal_point: (B, 2) px of the image.

    Returns:
        (B, 3, 3).
    """
    camera = torch.diag_embed(torch.cat([focal, torch.ones_like(focal[:, :1])], dim=1))
    camera[:, :2, 2] = principal_point
    last = warp.new_tensor([0.0, 0.0, 1.0]).expand(len(warp), 1, 3)
    return torch.cat([warp, last], dim=1) @ camera @ crop_turn(warp).transpose(1, 2)


def crop_view(warp: Tensor, focal: Tensor, principal_point: Tensor, centre: Tensor) -> Tensor:
    """Rotations from a camera that looks at a point of the crop to that of the image.

    Args:
        warp: (B, 2, 3).
        focal: (B, 2) px of the image.
        principal_point: (B, 2) px of the image.
        centre: (B, 2) px of the crop, for example its middle.

    Returns:
        (B, 3, 3), into the axes that go with the crop.
    """
    homogeneous = torch.cat([centre, torch.ones_like(centre[:, :1])], dim=1)
    projection = crop_projection(warp, focal, principal_point)
    return ray_rotation(torch.linalg.solve(projection, homogeneous))


def crop_box(warp: Tensor, principal_point: Tensor, *, input_size: int) -> Tensor:
    """Boxes of crops in their images, in the axes that go with the crop, about the principal point.

    Convention: a crop of 256 px with the warp ``[[0.5, 0, -50], [0, 0.5, 0]]`` is a box of 512 px
    around (356, 256) of the image: with the principal point (300, 256), the box (-200, -256, 512,
    512).

    Args:
        warp: (B, 2, 3).
        principal_point: (B, 2) px of the image.
        input_size: Side of the crop, px.

    Returns:
        (B, 4) as (x, y, w, h), px of the image.
    """
    linear, shift = warp[:, :, :2], warp[:, :, 2]
    centre = torch.linalg.solve(linear, input_size / 2 - shift) - principal_point
    centre = (crop_turn(warp)[:, :2, :2] @ centre[:, :, None])[:, :, 0]
    side = input_size / torch.linalg.det(linear).abs().sqrt()[:, None]
    return torch.cat([centre - side / 2, side, side], dim=1)


def ray_rotation(rays: Tensor) -> Tensor:
    """Smallest rotation from the optical axis onto a ray.

    What a camera that looks along the ray has in its axes, the rotation brings into those of the
    camera that sees the ray.

    Convention: ``rotation @ (0, 0, 1)`` is the ray's direction. The ray (1, 0, 1) gives a turn of
    45 degrees about y, ``[[s, 0, s], [0, 1, 0], [-s, 0, s]]`` with ``s = sqrt(1 / 2)``.

    Args:
        rays: Directions (B, 3) of any length, in front of the camera.

    Returns:
        Rotations (B, 3, 3).

    Raises:
        ValueError: ``rays`` is not (B, 3), or one has no positive depth.
    """
    if rays.ndim != 2 or rays.shape[1] != 3:
        raise ValueError(f'ray_rotation expects rays (B, 3), got {tuple(rays.shape)}')
    if bool((rays[:, 2] <= 0).any()):
        raise ValueError(
            'ray_rotation expects rays in front of the camera, got one of depth '
            f'{rays[:, 2].min().item()}'
        )
    x, y, z = (rays / rays.norm(dim=-1, keepdim=True)).unbind(-1)
    share = 1 / (1 + z)
    right = (1 - x * x * share, -x * y * share, x)
    down = (-x * y * share, 1 - y * y * share, y)
    return torch.stack([*right, *down, -x, -y, z], dim=-1).unflatten(-1, (3, 3))


def nearest_points(pixels: Tensor, depth: Tensor, *, size: int, stride: float) -> Tensor:
    """The nearest point in every cell of a grid over the crop.

    Convention: cell (row, column) covers the pixels from ``column * stride - 0.5`` to
    ``(column + 1) * stride - 0.5``; pixel (3.6, 0) lies in row 0, column 1 of cells of 4 px.

    Args:
        pixels: (B, N, 2) px of the crop.
        depth: (B, N); points at or behind the camera, depth 0, are left out.
        size: Side of the grid in cells.
        stride: Pixels per cell.

    Returns:
        (B, size, size) int64 numbers of points, -1 where a cell has none.
    """
    cells = torch.floor((pixels + 0.5) / stride).long()
    inside = ((cells >= 0) & (cells < size)).all(-1) & (depth > 0)
    # Points outside go to a cell of their own: masks would make the device wait.
    outside = size * size
    cell = torch.where(inside, cells[..., 1] * size + cells[..., 0], outside)
    nearest = depth.new_full((len(pixels), outside + 1), torch.inf)
    nearest.scatter_reduce_(1, cell, depth, 'amin')
    first = depth == nearest.gather(1, cell)
    points = torch.arange(pixels.shape[1], device=pixels.device).expand_as(cell)
    found = torch.full_like(nearest, -1, dtype=torch.long)
    found.scatter_reduce_(1, torch.where(first, cell, outside), points, 'amax')
    return found[:, :outside].unflatten(1, (size, size))
