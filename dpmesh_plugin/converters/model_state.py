"""The model that a checkpoint is converted for, without memory for what the checkpoint brings."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModel

from dpmesh_plugin.registry import MODELS


def build_skeleton(config: Mapping[str, Any]) -> BaseModel:
    """Build a model whose backbone lies on the meta device.

    Args:
        config: Of a ``MeshEstimator``.
    """
    with torch.device('meta'):
        backbone = MODELS.build(config['backbone'])
    return MODELS.build({**config, 'backbone': backbone})
