"""Joints from detected keypoints, without a look at the picture."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dpmesh_plugin.models.keypoint_perceptron import KeypointPerceptron
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import KeypointPrompt, MeshDataSample, get_keypoint_set

from .joint_estimator import JointEstimator


@MODELS.register_module()
class KeypointLifter(JointEstimator):
    """A perceptron from the keypoint prompt to joints in space: how far keypoints alone lead.

    Of every keypoint it gets x and y, from -1 to 1 in the crop, and the confidence, all zero where
    the prompt marks it as not visible. The layers are those of :class:`KeypointPerceptron`, as
    published for keypoints of whole people.

    Args:
        body_model: See :class:`JointEstimator`.
        joint_set: See :class:`JointEstimator`.
        keypoint_set: Keypoint set of the prompt.
        width: Width of the hidden layers.
        num_blocks: Number of residual pairs of layers.
        dropout: Share of hidden values that training drops.
        input_size: Side of the crop, px.
        init_cfg: Initialisation as in mmengine.
    """

    def __init__(
        self,
        *,
        body_model: dict | nn.Module,
        joint_set: str = 'h36m_14',
        keypoint_set: str = 'dpmesh_30',
        width: int = 512,
        num_blocks: int = 2,
        dropout: float = 0.1,
        input_size: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(body_model=body_model, joint_set=joint_set, init_cfg=init_cfg)
        self.input_size = input_size
        self.perceptron = KeypointPerceptron(
            num_keypoints=get_keypoint_set(keypoint_set).num,
            out_channels=get_keypoint_set(joint_set).num * 3,
            width=width,
            num_blocks=num_blocks,
            dropout=dropout,
        )

    def regress(self, data_samples: Sequence[MeshDataSample]) -> Tensor:
        """Joints (B, K, 3) relative to the pelvis, m, camera axes."""
        prompt = KeypointPrompt.from_samples(data_samples, self.perceptron.out.weight)
        place = 2 * prompt.keypoints / self.input_size - 1
        values = torch.cat([place, prompt.scores[..., None]], dim=-1) * prompt.visible[..., None]
        return self.perceptron(values).unflatten(1, (-1, 3))
