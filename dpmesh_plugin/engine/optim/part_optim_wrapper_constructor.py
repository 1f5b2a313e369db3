"""One group of parameters for every part that is trained."""

from collections.abc import Mapping
from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn

from dpmesh_plugin.models.trainable import LOSS_WEIGHTS, part_of
from dpmesh_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

from .mesh_optim_wrapper import CLIP

# As published: the loss weights neither decay nor count in clipping.
PUBLISHED_OPTIONS = {LOSS_WEIGHTS: {'weight_decay': 0.0, CLIP: False}}
# What FSDP puts between the names of nested modules.
_FSDP_INFIX = '_fsdp_wrapped_module.'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PartOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Groups what is trained by part: ``lora``, ``controlnet``, ``neck``, ``head``, ...

    The parts are those of :func:`~dpmesh_plugin.models.trainable.part_of`. In a config,
    ``paramwise_cfg`` gives parts options of their own: those of the optimiser's groups, or
    ``lr_mult`` and ``decay_mult``, factors on the common rate and decay::

        optim_wrapper = dict(
            constructor='PartOptimWrapperConstructor',
            paramwise_cfg=dict(head=dict(lr_mult=10.0), lora=dict(weight_decay=0.01)),
            ...)

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.
        paramwise_cfg: Options by part.
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build optimiser and wrapper.

        Raises:
            KeyError: options for a part of which nothing is trained; the message lists the others.
            ValueError: nothing is trained.
        """
        groups = trained_parts(getattr(model, 'module', model))
        if not groups:
            raise ValueError('no parameter is trained: see trainable of model and backbone')
        idle = sorted(set(self.paramwise_cfg) - set(groups))
        if idle:
            raise KeyError(
                f'paramwise_cfg has options for {", ".join(idle)}, of which nothing is trained; '
                f'the trained parts are {", ".join(groups)}'
            )
        params = [
            {'params': parameters, 'name': part, **self._options(part)}
            for part, parameters in groups.items()
        ]
        optimizer = OPTIMIZERS.build({**self.optimizer_cfg, 'params': params})
        return OPTIM_WRAPPERS.build(
            {'type': 'OptimWrapper', **self.optim_wrapper_cfg, 'optimizer': optimizer}
        )

    def _options(self, part: str) -> dict[str, Any]:
        """Options of the group of a part."""
        options: dict[str, Any] = {**PUBLISHED_OPTIONS.get(part, {})}
        options |= self.paramwise_cfg.get(part, {})
        for factor, value, base in (
            ('lr_mult', 'lr', self.base_lr),
            ('decay_mult', 'weight_decay', self.base_wd),
        ):
            if factor in options:
                options[value] = base * options.pop(factor)
        return options

    def _validate_cfg(self) -> None:
        """Nothing of the parent's options is taken."""


def trained_parts(model: nn.Module) -> Mapping[str, list[nn.Parameter]]:
    """Trainable parameters by part, in the order of the model."""
    groups: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(part_of(name.replace(_FSDP_INFIX, '')), []).append(parameter)
    return groups
