"""The model that a checkpoint is converted for, without memory for what the checkpoint brings."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor

from dpmesh_plugin.models.backbones.diffusion_parts import materialize
from dpmesh_plugin.registry import MODELS


def build_skeleton(config: Mapping[str, Any]) -> BaseModel:
    """Build a model whose backbone lies on the meta device.

    Args:
        config: Of a ``MeshEstimator``.
    """
    with torch.device('meta'):
        backbone = MODELS.build(config['backbone'])
    return MODELS.build({**config, 'backbone': backbone})


def fill_rest(model: BaseModel, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put first values where a state dict still lies on the meta device.

    Args:
        model: From :func:`build_skeleton`; those layers of it get memory.
        state: State dict of it.
    """
    absent = {name for name, tensor in state.items() if tensor.is_meta}
    materialize(model, only=absent)
    own = model.state_dict()
    return {name: own[name] if name in absent else tensor for name, tensor in state.items()}
