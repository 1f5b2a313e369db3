"""What a machine can do, and what a process has used of it."""

import platform
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

# Writing 5 resets the high-water mark of the process (Linux, proc(5)).
_RESET_FILE, _RESET_PEAK = Path('/proc/self/clear_refs'), '5'


class MatrixProduct:
    """A square matrix product, the yardstick of what a device can compute.

    Args:
        size: Rows and columns of the factors.
        dtype: Their type.
        device: Where they lie.
        now: Clock, s.
    """

    def __init__(
        self,
        size: int,
        dtype: torch.dtype,
        device: torch.device,
        now: Callable[[], float] = perf_counter,
    ) -> None:
        self.now = now
        self.flops = 2 * size**3
        self.device = device
        self.factor = torch.full((size, size), 0.5, dtype=dtype, device=device)
        self.product = torch.empty_like(self.factor)
        self.rate()

    def rate(self) -> float:
        """FLOPs per second of one product."""
        _wait(self.device)
        start = self.now()
        torch.mm(self.factor, self.factor, out=self.product)
        _wait(self.device)
        return self.flops / (self.now() - start)


def reset_peak_memory(device: torch.device) -> None:
    """Forget earlier peaks; on a CPU only where the system can."""
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
    elif _RESET_FILE.exists():
        _RESET_FILE.write_text(_RESET_PEAK)


def peak_memory(device: torch.device) -> int:
    """Highest memory since :func:`reset_peak_memory`, bytes.

    On CUDA what tensors took; on a CPU the resident memory of the whole process, libraries
    included.
    """
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == 'darwin' else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def machine_facts(device: torch.device) -> dict[str, Any]:
    """What numbers of speed are worth nothing without."""
    return {
        'device': str(device),
        'processor': _processor(device),
        'torch': torch.__version__,
        'cpu_capability': torch.backends.cpu.get_cpu_capability(),
        'threads': torch.get_num_threads(),
    }


def _processor(device: torch.device) -> str:
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
