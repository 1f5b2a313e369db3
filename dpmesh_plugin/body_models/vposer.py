"""Decoder of the pose prior VPoser."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dpmesh_plugin.geometry.rotation import matrix_to_axis_angle, rotation_6d_to_matrix
from dpmesh_plugin.registry import BODY_MODELS

from .body_layers import NUM_BODY_JOINTS

# VPoser knows no hands: the last two of SMPL's 23 body joints stay at rest.
NUM_DECODED_JOINTS = 21
IDENTITY_6D = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
# Layers of the published version-1 checkpoint and their names here.
PUBLISHED_LAYERS = {
    'bodyprior_dec_fc1': 'fc1',
    'bodyprior_dec_fc2': 'fc2',
    'bodyprior_dec_out': 'out',
}


@BODY_MODELS.register_module()
class VPoserDecoder(nn.Module):
    """Pose latent to the axis-angle of SMPL's body joints.

    The dropout of the published decoder is never active, so it is left out. Without trained weights
    every latent decodes to a pose near the rest pose.

    Args:
        latent_dim: Size of the latent, 32 in the published prior.
        hidden_dim: Width of the two hidden layers.
        negative_slope: Of the leaky rectifiers: 0.2 in version 1, 0.01 in version 2.
        frozen: Whether the weights are kept from training. Gradients reach the latent in any case.
        init_cfg: Weights to load, as for every mmengine module.

    Source: Pavlakos et al., CVPR 2019, version 1.
    """

    def __init__(
        self,
        *,
        latent_dim: int = 32,
        hidden_dim: int = 512,
        negative_slope: float = 0.2,
        frozen: bool = True,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__()
        self.init_cfg = init_cfg
        self.latent_dim = latent_dim
        self.negative_slope = negative_slope
        self.fc1 = nn.Linear(latent_dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, NUM_DECODED_JOINTS * len(IDENTITY_6D))
        with torch.no_grad():
            self.out.bias.copy_(torch.tensor(IDENTITY_6D * NUM_DECODED_JOINTS))
        self.requires_grad_(not frozen)

    def init_weights(self) -> None:
        """Load what ``init_cfg`` names; the modules around call it as for mmengine's own."""
        # A generator of data sets needs this package, but none of what this import brings along.
        from mmengine.model import initialize

        if self.init_cfg is not None:
            initialize(self, self.init_cfg)

    def forward(self, latent: Tensor) -> Tensor:
        """Decode poses.

        Args:
            latent: Pose latents ``(B, latent_dim)``.

        Returns:
            Axis-angle of joints 1 to 23 ``(B, 23, 3)``, radians; zero for the two hands.

        Raises:
            ValueError: the latent has another size.
        """
        if latent.ndim != 2 or latent.shape[1] != self.latent_dim:
            raise ValueError(
                f'VPoserDecoder expects latents (B, {self.latent_dim}), got {tuple(latent.shape)}.'
            )
        hidden = F.leaky_relu(self.fc1(latent), self.negative_slope)
        hidden = F.leaky_relu(self.fc2(hidden), self.negative_slope)
        rotations = rotation_6d_to_matrix(self.out(hidden).unflatten(1, (NUM_DECODED_JOINTS, 6)))
        pose = matrix_to_axis_angle(rotations)
        return F.pad(pose, (0, 0, 0, NUM_BODY_JOINTS - NUM_DECODED_JOINTS))
