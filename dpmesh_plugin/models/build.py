"""Parts of a model: given built, or as a dict that may leave out what its neighbours know."""

from typing import Any

from mmengine.registry import Registry
from torch import nn

from dpmesh_plugin.registry import MODELS


def build_part(part: dict | nn.Module, *, registry: Registry = MODELS, **sizes: Any) -> nn.Module:
    """Build ``part`` where it is a config; return it unchanged where it is built already.

    Args:
        part: Config with a ``type``, or a module.
        registry: Where the type is looked up.
        sizes: Constructor arguments known from neighbouring parts, used where the config leaves
            them out.
    """
    if isinstance(part, nn.Module):
        return part
    return registry.build({**sizes, **part})
