"""First weights of a model from checkpoints."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from dpmesh_plugin.registry import WEIGHT_INITIALIZERS
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint, state_dict_of


@WEIGHT_INITIALIZERS.register_module()
class PretrainedParts:
    """Takes some parts of a model from a checkpoint, and leaves the others as they are.

    With several of them in ``init_cfg``, parts of one model come from different checkpoints. Unlike
    ``Pretrained`` of mmengine it refuses a checkpoint that lacks a weight of a part, or has one of
    another size.

    Args:
        checkpoint: File with a state dict of such a model.
        parts: Names of parts, for example ``'backbone.vae'``.
        without: Patterns of weights below them that stay as they are, for example ``'*.lora_*'``;
            the checkpoint need not have them.

    Raises:
        FileNotFoundError: there is no such file (when called).
        KeyError: the model has no such part, or the checkpoint lacks a weight of it (when called).
        ValueError: a weight has another shape, or the file cannot be read safely (when called).
    """

    def __init__(
        self, *, checkpoint: str, parts: Sequence[str], without: Sequence[str] = ()
    ) -> None:
        self.checkpoint = checkpoint
        self.parts = tuple(parts)
        self.without = tuple(without)

    def __call__(self, module: nn.Module) -> None:
        """Copy the weights into ``module``."""
        given = state_dict_of(read_checkpoint(self.checkpoint))
        own = {
            name: tensor
            for name, tensor in module.state_dict().items()
            if not any(fnmatchcase(name, pattern) for pattern in self.without)
        }
        chosen = {}
        for part in self.parts:
            names = [name for name in own if name == part or name.startswith(f'{part}.')]
            if not names:
                raise KeyError(f'parts names {part!r}, but {type(module).__name__} has none such')
            absent = [name for name in names if name not in given]
            if absent:
                raise KeyError(
                    f'{self.checkpoint} lacks {len(absent)} of the {len(names)} weights of '
                    f'{part!r}, the first is {absent[0]}: it is of another model'
                )
            chosen |= {name: given[name] for name in names}
        for name, tensor in chosen.items():
            if tensor.shape != own[name].shape:
                raise ValueError(
                    f'{name} is {tuple(tensor.shape)} in {self.checkpoint}, '
                    f'{tuple(own[name].shape)} in {type(module).__name__}: set the sizes alike'
                )
        module.load_state_dict(chosen, strict=False)
