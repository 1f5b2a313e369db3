"""Several processes: numbers they share, the model in its wrapper, a start without CUDA."""

import torch
from mmengine.config import Config
from mmengine.dist import all_reduce, get_world_size
from mmengine.model import is_model_wrapper
from torch import Tensor, distributed, nn


def share_of_total(count: Tensor, *, minimum: float = 0.0) -> Tensor:
    """The sum of a count over all processes, divided by their number.

    All processes must call it. What each of them divides by this share averages, as gradients of
    several processes do, to the sum divided by the total.

    Args:
        count: Scalar of this process, without gradient.
        minimum: The total is at least this.
    """
    total = count.clone()
    all_reduce(total, op='sum')
    return total.clamp(min=minimum) / get_world_size()


def any_process(flag: bool) -> bool:
    """Whether the flag is up on any process. All processes must call it."""
    value = torch.tensor(float(flag))
    all_reduce(value, op='max')
    return bool(value)


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, where several processes train it in a wrapper."""
    return model.module if is_model_wrapper(model) else model


def prepare_cpu_launch(cfg: Config) -> None:
    """Let the runner start on several processes where there is no CUDA device (in place).

    The runner's own start sets a CUDA device, whatever the backend, and wraps the model for one. So
    the processes are joined here, over gloo, and the wrapper is told that there is no device. On
    one process, and where there is CUDA, nothing changes.

    Args:
        cfg: Config with ``launcher``, which must be ``'pytorch'`` here: the processes of other
            launchers are joined by the runner.
    """
    if cfg.launcher != 'pytorch' or torch.cuda.is_available():
        return
    if not distributed.is_initialized():
        distributed.init_process_group('gloo')
    cfg.model_wrapper_cfg = {
        'type': 'MMDistributedDataParallel',
        'device_ids': None,
        'broadcast_buffers': False,
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
        **cfg.get('model_wrapper_cfg', {}),
    }


def leave_processes() -> None:
    """Part from the other processes, if there are any, at the end of a program.

    A process that ends in their group may be aborted by threads of its backend, after all its work.
    """
    if distributed.is_initialized():
        distributed.destroy_process_group()
