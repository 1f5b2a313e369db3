"""Weights, gradients and optimizer state in shards, on any number of processes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine._strategy import DDPStrategy, SingleDeviceStrategy
from mmengine.device import get_device
from mmengine.dist import is_distributed, is_main_process
from mmengine.runner import save_checkpoint
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from dpmesh_plugin.registry import STRATEGIES

# Numbers in the state of an optimizer that are not one for every weight.
_COUNTERS = ('step',)


@STRATEGIES.register_module()
class FullyShardStrategy(DDPStrategy):
    """PyTorch's ``fully_shard`` (FSDP2) as a strategy of mmengine's ``FlexibleRunner``.

    mmengine's own ``FSDPStrategy`` wraps the first generation of FSDP, clips every shard by its
    own norm, loses the loss scale, and does not start without CUDA. Here parameters stay
    parameters, so that optimizer, clipping and hooks work as ever, on CUDA and on the CPU.

    A checkpoint is that of a single process: it can be resumed with another number of processes,
    or without sharding, and is tested like any other. The main process gathers it in the memory of
    the CPU.

    Args:
        blocks: Class names of modules that are shards of their own, gathered right before their
            ``forward`` and let go after it; their parameters must not be used outside of it. What
            lies outside all blocks is one more shard, gathered while the model runs.

    The other arguments are those of all strategies, and set by the runner.

    Raises:
        RuntimeError: there is only the one process of a run without launcher.
        ValueError: the model has no module of a class in ``blocks``.
    """

    def __init__(
        self,
        *,
        blocks: Sequence[str] = (),
        work_dir: str = 'work_dirs',
        experiment_name: str | None = None,
        env_kwargs: dict | None = None,
        log_kwargs: dict | None = None,
        auto_scale_lr: dict | None = None,
    ) -> None:
        super().__init__(
            work_dir=work_dir,
            experiment_name=experiment_name,
            env_kwargs=env_kwargs,
            log_kwargs=log_kwargs,
            auto_scale_lr=auto_scale_lr,
        )
        self.blocks = tuple(blocks)
        self._scalars: set[str] = set()

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if not is_distributed():
            raise RuntimeError(
                'FullyShardStrategy needs processes to spread the model over: start the run with '
                'tools/dist_train.sh CONFIG GPUS, or use the config without the strategy'
            )
        model = model.to(get_device())
        self._scalars = _widen_scalars(model)
        parts = [module for module in model.modules() if type(module).__name__ in self.blocks]
        unknown = set(self.blocks) - {type(module).__name__ for module in parts}
        if unknown:
            known = sorted({type(m).__name__ for m in model.modules() if list(m.parameters())})
            raise ValueError(
                f'blocks has {", ".join(sorted(unknown))}, of which the model has none; its '
                f'modules are {", ".join(known)}'
            )
        for part in reversed(parts):  # inner ones first
            fully_shard(part)
        # Gathered parameters would stay after a pass without gradients, such as a validation.
        return fully_shard(model, reshard_after_forward=True)

    def model_state_dict(self) -> dict[str, Any]:
        """The shards of this process; :meth:`save_checkpoint` gathers them."""
        return self.model.state_dict()

    def save_checkpoint(
        self,
        filename: str,
        *,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        extra_ckpt: dict[str, Any] | None = None,
        callback: Callable[[dict], None] | None = None,
    ) -> None:
        """Gather a checkpoint and write it on the main process. All processes must call it.

        Args:
            filename: File to write.
            save_optimizer: Whether with the state of the optimizer.
            save_param_scheduler: Whether with that of the schedules.
            extra_ckpt: More entries.
            callback: Called with the checkpoint, in shards, before it is gathered.
        """
        checkpoint = {'state_dict': self.model_state_dict(), **(extra_ckpt or {})}
        checkpoint.setdefault('meta', {})['seed'] = self.seed
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_state_dict()
        if save_param_scheduler and hasattr(self, 'param_schedulers'):
            checkpoint['param_schedulers'] = self.scheduler_state_dict()
        if callback is not None:
            callback(checkpoint)
        whole = _gather(checkpoint)
        if is_main_process():
            self._narrow_scalars(whole)
            save_checkpoint(whole, filename)

    def load_checkpoint(
        self,
        filename: str,
        *,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: list = [(r'^module.', '')],  # noqa: B006 - mmengine's signature
        callback: Callable[[dict], None] | None = None,
    ) -> dict[str, Any]:
        """Load a checkpoint of any strategy that keeps it in one file.

        Args:
            filename: File to read.
            map_location: Device of what is read; only shards of it reach the model.
            strict: Whether keys must be those of the model.
            revise_keys: Changes of names as in mmengine.
            callback: Called with the checkpoint, whole.
        """
        if not Path(filename).is_file():
            raise FileNotFoundError(f'expected a checkpoint, found none at {filename}')
        return SingleDeviceStrategy.load_checkpoint(
            self,
            filename,
            map_location='cpu' if map_location == 'default' else map_location,
            strict=strict,
            revise_keys=revise_keys,
            callback=callback,
        )

    def load_model_state_dict(
        self, state_dict: dict[str, Any], *, strict: bool = False, revise_keys: list = ()
    ) -> None:
        """Put whole weights into the shards of this process."""
        ours = self.model.state_dict()
        common = {name: value for name, value in state_dict.items() if name in ours}
        shards = {name: _like(value, ours[name]) for name, value in common.items()}
        super().load_model_state_dict(
            {**state_dict, **shards}, strict=strict, revise_keys=list(revise_keys)
        )

    def load_optim_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put a whole state of the optimizer into the shards of this process."""
        groups = self.optim_wrapper.optimizer.param_groups
        parameters = [parameter for group in groups for parameter in group['params']]
        state = {
            index: {
                name: value if name in _COUNTERS else _like(value, parameters[index])
                for name, value in entries.items()
            }
            for index, entries in state_dict['state'].items()
        }
        super().load_optim_state_dict({**state_dict, 'state': state})

    def _narrow_scalars(self, checkpoint: dict[str, Any]) -> None:
        """Undo what :func:`_widen_scalars` did, in a whole checkpoint."""
        weights = checkpoint['state_dict']
        weights.update({name: weights[name].reshape(()) for name in self._scalars})
        if 'optimizer' not in checkpoint:
            return
        names = {parameter: name for name, parameter in self.model.named_parameters()}
        groups = self.optim_wrapper.optimizer.param_groups
        parameters = [parameter for group in groups for parameter in group['params']]
        for index, entries in checkpoint['optimizer']['state'].items():
            if names[parameters[index]] in self._scalars:
                entries.update({key: value.reshape(()) for key, value in entries.items()})


def _widen_scalars(model: nn.Module) -> set[str]:
    """Make scalar parameters vectors of one number, which can be sharded, and name them."""
    names = set()
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.dim() == 0:
                wide = nn.Parameter(parameter.detach()[None], parameter.requires_grad)
                setattr(module, name, wide)
                names.add(f'{prefix}.{name}' if prefix else name)
    return names


def _like(value: Any, model: Any) -> Any:
    """A tensor in the shards of another one of its size; anything else as it is."""
    if not isinstance(model, DTensor) or not isinstance(value, Tensor):
        return value
    if value.numel() != model.numel() or (value.shape.numel() > 1 and value.shape != model.shape):
        return value
    value = value.to(model.device, model.dtype).reshape(model.shape)
    return distribute_tensor(value, model.device_mesh, model.placements, src_data_rank=None)


def _gather(node: Any) -> Any:
    """The same containers with whole tensors on the CPU; of shards only on the main process."""
    if isinstance(node, Mapping):
        gathered = {key: _gather(value) for key, value in node.items()}
        return type(node)(gathered) if type(node) is not dict else gathered
    if isinstance(node, list | tuple):
        return type(node)(_gather(value) for value in node)
    if isinstance(node, DTensor):
        whole = node.full_tensor()
        return whole.cpu() if is_main_process() else None
    return node.detach().cpu() if isinstance(node, Tensor) else node
