"""A regressed body moved to where its joints meet the detected keypoints."""

from math import log
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.body_models.keypoint_motion import KeypointMotion
from dpmesh_plugin.geometry.kalman import kalman_update
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import KeypointPrompt

from .posed_body import KEYPOINT_SET

NUM_TURNED = 22
"""Joints that keypoints tell about: all but the two hands, which come last."""

TURN_DEVIATION = 0.12
"""Of a joint, rad, before training."""
PLACE_DEVIATIONS = (0.05, 0.05, 0.3)
"""Of the pelvis in the axes of the camera, m, before training."""
NOISE = 0.025
"""Deviation of keypoints, sizes of the crop, before training."""
OUTLIER_RATIO = 3.0
"""Squared distance, in variances of a keypoint, from which it counts less, before training."""

MAX_DEVIATION = 2.0
"""Of a joint, rad, and of the pelvis, m."""
MIN_NOISE, MAX_NOISE = 0.001, 10.0
"""Of a keypoint, sizes of the crop: without bounds a step of training may leave no solution."""
LARGEST_TURN = 1.5
"""Of a joint in one update, rad: larger ones approach it."""
MIN_DEPTH = 0.2
"""In front of the camera, m: what is nearer counts as there."""
UNSEEN_VARIANCE = 1e4
"""Of a keypoint that may not be used, squared sizes of the crop."""
MAX_RESIDUAL = 0.5
"""Along each axis, sizes of the crop."""


class BodyState(NamedTuple):
    """A body in the camera of the image.

    Args:
        rotations: (B, 24, 3, 3) relative to the parent, root first, in the axes of the camera.
        root: (B, 3) pelvis, m.
    """

    rotations: Tensor
    root: Tensor


class Measurement(NamedTuple):
    """Keypoints, in sizes of the crop, and the camera that sees them.

    Args:
        points: (B, K, 2).
        scores: (B, K) detector confidences.
        visible: (B, K) 1 where a keypoint may be used.
        projection: (B, 3, 3) from camera axes to homogeneous places in the crop.
    """

    points: Tensor
    scores: Tensor
    visible: Tensor
    projection: Tensor

    @classmethod
    def of(cls, prompt: KeypointPrompt, projection: Tensor, input_size: int) -> 'Measurement':
        """The measurement that a prompt is.

        Args:
            prompt: Keypoints, px of the crop.
            projection: (B, 3, 3) from camera axes to homogeneous pixels of the crop.
            input_size: Side of the crop, px.
        """
        scale = projection.new_tensor([1 / input_size, 1 / input_size, 1.0])
        points = prompt.keypoints / input_size
        return cls(points, prompt.scores, prompt.visible, projection * scale[:, None])

    def view(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Where the camera sees some points.

        Args:
            places: (B, K, 3), m.

        Returns:
            (B, K, 2) in sizes of the crop, and their Jacobian (B, K, 2, 3) with respect to the
            places.
        """
        homogeneous = places @ self.projection.transpose(1, 2)
        depth = homogeneous[..., 2:].clamp(min=MIN_DEPTH)
        points = homogeneous[..., :2] / depth
        rows, last = self.projection[:, None, :2], self.projection[:, None, 2:]
        return points, (rows - points[..., None] * last) / depth[..., None]


class AlignmentStep(nn.Module):
    """One update of a body by its keypoints.

    Args:
        in_channels: Values per sample that tell how far body and keypoints can be trusted.
        num_keypoints: Keypoints K.
    """

    def __init__(self, *, in_channels: int, num_keypoints: int) -> None:
        super().__init__()
        deviations = torch.tensor([TURN_DEVIATION] * (3 * NUM_TURNED) + list(PLACE_DEVIATIONS))
        self.deviation = _constant_at_start(in_channels, deviations.log())
        self.noise = _constant_at_start(in_channels, torch.full((num_keypoints,), log(NOISE)))
        self.score = nn.Parameter(torch.zeros(num_keypoints))
        self.outlier = nn.Parameter(torch.tensor(log(OUTLIER_RATIO)))
        self.mixing = nn.Parameter(torch.zeros(len(deviations), len(deviations)))

    def forward(
        self, state: BodyState, motion: KeypointMotion, seen: Measurement, trust: Tensor
    ) -> BodyState:
        """Update.

        Args:
            state: The body.
            motion: Its keypoints and how they move.
            seen: The keypoints.
            trust: (B, in_channels).
        """
        places = motion.keypoints - motion.keypoints[:, :1] + state.root[:, None]
        points, slopes = seen.view(places)
        residual = (seen.points - points).clamp(-MAX_RESIDUAL, MAX_RESIDUAL)
        residual = residual * seen.visible[..., None]
        deviation = self.deviation(trust).clamp(max=log(MAX_DEVIATION)).exp()
        jacobian = _keypoint_jacobian(motion, slopes.detach()) * deviation[:, None]
        jacobian = jacobian + jacobian @ self.mixing
        variance = self._variance(residual, seen, trust).repeat_interleave(2, dim=1)
        change = kalman_update(jacobian, residual.flatten(1), variance)
        change = (change + change @ self.mixing.T) * deviation
        turns = change[:, : 3 * NUM_TURNED].unflatten(1, (NUM_TURNED, 3))
        turns = turns / (1 + turns.norm(dim=-1, keepdim=True) / LARGEST_TURN)
        rotations = state.rotations[:, :NUM_TURNED] @ axis_angle_to_matrix(turns)
        return BodyState(
            torch.cat([rotations, state.rotations[:, NUM_TURNED:]], dim=1),
            state.root + change[:, 3 * NUM_TURNED :],
        )

    def _variance(self, residual: Tensor, seen: Measurement, trust: Tensor) -> Tensor:
        """Variances (B, K) of the keypoints; one that is far off has a larger one."""
        noise = self.noise(trust) + self.score * seen.scores
        expected = (2 * noise.clamp(log(MIN_NOISE), log(MAX_NOISE))).exp()
        ratio = residual.square().sum(-1).detach() / expected
        expected = expected * (1 + ratio / (2 * self.outlier.exp()))
        return torch.where(seen.visible > 0, expected, UNSEEN_VARIANCE)


@MODELS.register_module()
class KeypointAlignment(nn.Module):
    """Moves a regressed body to where its joints meet the detected keypoints.

    A regression from keypoints is right on average, and off in every single picture by more than
    the keypoints are: what it knows of the skeleton and the camera is approximate. Here both are
    exact. The regression counts as an estimate with Gaussian errors of the turns of the joints and
    of the place of the pelvis, the keypoints as measurements with Gaussian errors, of which those
    that are far off count less; the body follows from both as in an extended Kalman filter,
    linearised anew in every step. Learned are the deviations of both, in general and as far as the
    mean of the map tells them, and how errors of the joints go together. Hidden joints move as far
    as they depend on those that are seen.

    Keypoints are those of ``dpmesh_30``, the pelvis first.

    Args:
        in_channels: Channels of the fused map.
        num_keypoints: Keypoints K of the prompt.
        num_steps: Updates in training, with their own weights each.
        num_updates: Updates of a prediction; those beyond ``num_steps`` have the weights of the
            last. A regression is nearer to the people it was trained on than to others, so what is
            learned beside it trusts it too much, and a further update pays. None: ``num_steps``.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_keypoints: int = 30,
        num_steps: int = 2,
        num_updates: int | None = None,
    ) -> None:
        super().__init__()
        self.num_updates = num_steps if num_updates is None else num_updates
        self.steps = nn.ModuleList(
            AlignmentStep(in_channels=in_channels, num_keypoints=num_keypoints)
            for _ in range(num_steps)
        )

    def forward(
        self,
        state: BodyState,
        betas: Tensor,
        seen: Measurement,
        feats: Tensor,
        body_model: SMPL,
    ) -> BodyState:
        """Align, in float32 also under autocast.

        Args:
            state: The regressed body.
            betas: (B, 10) its shape.
            seen: The keypoints.
            feats: (B, in_channels, h, w) fused map.
            body_model: The body model.
        """
        with torch.autocast(feats.device.type, enabled=False):
            trust = feats.float().mean(dim=(2, 3))
            for index in range(len(self.steps) if self.training else self.num_updates):
                step = self.steps[min(index, len(self.steps) - 1)]
                motion = body_model.keypoint_motion(
                    keypoint_set=KEYPOINT_SET, rotations=state.rotations, betas=betas
                )
                state = step(state, motion, seen, trust)
        return state


def _constant_at_start(in_channels: int, values: Tensor) -> nn.Linear:
    """A layer that gives ``values``, whatever it is given, before it is trained."""
    layer = nn.Linear(in_channels, len(values))
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.bias.copy_(values)
    return layer


def _keypoint_jacobian(motion: KeypointMotion, slopes: Tensor) -> Tensor:
    """Jacobian (B, 2K, N) of projected keypoints with respect to joint turns and pelvis position.

    The keypoints hang on the pelvis, the first of them. The Jacobian is taken as known: no gradient
    reaches the body through it.

    Args:
        motion: The keypoints and how they move.
        slopes: (B, K, 2, 3) Jacobian of the projection.
    """
    levers = (motion.levers - motion.levers[:, :1])[:, :, None, :NUM_TURNED].detach()
    # slope . (turn x lever) is turn . (lever x slope)
    across = torch.linalg.cross(*torch.broadcast_tensors(levers, slopes[:, :, :, None]))
    turned = torch.einsum('bkujd,bjdi->bkuji', across, motion.turns[:, :NUM_TURNED].detach())
    return torch.cat([turned.flatten(3), slopes], dim=-1).flatten(1, 2)
