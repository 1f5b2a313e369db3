"""Keypoint R-CNN of torchvision."""

from pathlib import Path

import numpy as np
import torch
from torchvision.models.detection import (
    KeypointRCNN_ResNet50_FPN_Weights,
    keypointrcnn_resnet50_fpn,
)

from dpmesh_plugin.apis.joint_layouts import match_joint_names
from dpmesh_plugin.apis.person import Person, make_person
from dpmesh_plugin.engine.checkpoint import load_weights
from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.utils.checkpoint_file import file_sha256

from .base_detector import BaseDetector, check_weights

_RELEASE = KeypointRCNN_ResNet50_FPN_Weights.COCO_V1


@DETECTORS.register_module()
class TorchvisionKeypointRCNN(BaseDetector):
    """Keypoint R-CNN with ResNet-50: people and their 17 COCO joints in one pass.

    Needs no package beside torchvision. The confidence of a joint is the logistic function of the
    peak of its heatmap, since the network gives a logit.

    Args:
        weights: File of the weights; nothing is downloaded.
        threshold: Least score of a person.
        min_size: Shorter side of the image for the network, px.
        max_size: Bound of the longer side, px.

    Raises:
        ValueError: no weights are stated, or they do not fit.
        FileNotFoundError: there is no such file.

    Source: He et al., "Mask R-CNN", ICCV 2017.
    """

    def __init__(
        self,
        *,
        weights: str | Path | None = None,
        threshold: float = 0.5,
        min_size: int = 800,
        max_size: int = 1333,
    ) -> None:
        if weights is None:
            raise ValueError(
                'TorchvisionKeypointRCNN needs weights=FILE, as with random ones it finds nobody; '
                f'torchvision publishes them at {_RELEASE.url}'
            )
        check_weights(weights, _RELEASE.url)
        self.threshold, self.min_size, self.max_size = threshold, min_size, max_size
        self._weights = weights
        self.model = keypointrcnn_resnet50_fpn(
            weights=None,
            weights_backbone=None,
            min_size=min_size,
            max_size=max_size,
            box_score_thresh=threshold,
        )
        load_weights(self.model, weights)
        self.model.eval()
        self.layout = match_joint_names(_RELEASE.meta['keypoint_names'])

    def to(self, device: str) -> None:
        """Move the network."""
        self.model.to(device)

    def facts(self) -> dict[str, str]:
        """Threshold, sizes, and the checksum of the weights."""
        return {**super().facts(), 'weights_sha256': file_sha256(self._weights)}

    @torch.no_grad()
    def detect(self, image: np.ndarray, *, name: str | Path = '') -> tuple[Person, ...]:
        """The people in an image, the most certain first."""
        device = next(self.model.parameters()).device
        pixels = torch.from_numpy(image).to(device).permute(2, 0, 1).float() / 255
        (found,) = self.model([pixels])
        scores = found['keypoints_scores'].sigmoid()[..., None]
        joints = torch.cat([found['keypoints'][..., :2], scores], dim=-1).cpu().numpy()
        boxes = found['boxes'].cpu().numpy()
        boxes[:, 2:] -= boxes[:, :2]
        pairs = zip(joints, boxes, strict=True)
        return tuple(make_person(i, j, box, self.layout) for i, (j, box) in enumerate(pairs))
