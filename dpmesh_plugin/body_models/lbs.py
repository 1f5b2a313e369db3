"""Linear blend skinning as pure functions.

Convention: metres, rest pose with y up, x towards the body's left and z to the front; transforms
act on column vectors. Vertices are kept coordinate-major, ``(B, 3, V)``, so that every step reads
memory in order.
"""

import torch
from torch import Tensor


def shape_coefficients(betas: Tensor, rotations: Tensor) -> Tensor:
    """Factors of the blend shapes: one for the template, then the betas, then the pose features.

    Convention: pose features are ``R - I`` of the 23 joints after the root, row by row. Zero betas
    in the rest pose give ``(1, 0, ..., 0)``.

    Args:
        betas: Shape coefficients ``(B, S)``.
        rotations: Joint rotations ``(B, J, 3, 3)``, root first.

    Returns:
        Factors ``(B, 1 + S + 9 * (J - 1))``.
    """
    identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
    pose_features = (rotations[:, 1:] - identity).flatten(1)
    return torch.cat((torch.ones_like(betas[:, :1]), betas, pose_features), dim=1)


def posed_transforms(
    rotations: Tensor, rest_joints: Tensor, parents: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Follow the kinematic tree from the root to the limbs.

    Convention: a joint's rotation turns everything below it about that joint. With all rotations
    the identity the posed joints are the rest joints and every transform is ``[I | 0]``.

    Args:
        rotations: Rotations relative to the parent ``(B, J, 3, 3)``.
        rest_joints: Joints in the rest pose ``(B, J, 3)``, m.
        parents: Parent of every joint, -1 for the root; parents come before their children.

    Returns:
        Posed joints ``(B, J, 3)``, and the transforms ``(B, J, 3, 4)`` that bring a point of the
        rest pose to where the joint carries it.
    """
    offsets = rest_joints - rest_joints[:, [max(parent, 0) for parent in parents]]
    offsets = torch.cat((rest_joints[:, :1], offsets[:, 1:]), dim=1)
    bottom = rotations.new_tensor([0, 0, 0, 1]).expand(*rotations.shape[:2], 1, 4)
    local = torch.cat((torch.cat((rotations, offsets[..., None]), dim=-1), bottom), dim=-2)
    local = local.unbind(1)
    world = [local[0]]
    for joint in range(1, len(parents)):
        world.append(world[parents[joint]] @ local[joint])
    transforms = torch.stack(world, dim=1)[:, :, :3]
    turn, joints = transforms[..., :3], transforms[..., 3]
    moved = joints - (turn @ rest_joints[..., None])[..., 0]
    return joints, torch.cat((turn, moved[..., None]), dim=-1)


def skin(vertices: Tensor, transforms: Tensor, weights: Tensor) -> Tensor:
    """Move every vertex by the weighted mean of the joint transforms.

    Convention: a vertex with weight 1 on one joint moves rigidly with that joint.

    Args:
        vertices: Shaped vertices in the rest pose ``(B, 3, V)``, m.
        transforms: Joint transforms ``(B, J, 3, 4)``.
        weights: Skinning weights ``(J, V)``, columns sum to 1.

    Returns:
        Posed vertices ``(B, V, 3)``, m, contiguous.
    """
    batch, joints = transforms.shape[:2]
    blended = transforms.permute(0, 2, 3, 1).reshape(batch * 12, joints) @ weights
    blended = blended.view(batch, 3, 4, weights.shape[1])
    posed = blended[:, :, 3]
    for axis in range(3):
        posed = torch.addcmul(posed, blended[:, :, axis], vertices[:, axis : axis + 1])
    return posed.transpose(1, 2).contiguous()
