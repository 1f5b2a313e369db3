"""Several processes on a machine without CUDA."""

import torch
from mmengine.config import Config
from torch import distributed


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
