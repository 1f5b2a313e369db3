"""The device that a user means."""

from mmengine.device import get_device


def resolve_device(device: str) -> str:
    """The device that ``'auto'`` stands for, or the given one if this machine has it.

    Raises:
        ValueError: unknown device, or one that this machine lacks.
    """
    best = get_device()
    if device == 'auto':
        return best
    kind = device.split(':')[0]
    if kind not in ('cpu', 'cuda', 'mps'):
        raise ValueError(f'device must be auto, cpu, cuda, cuda:N or mps, got {device!r}')
    if kind not in ('cpu', best):
        raise ValueError(f'device {device!r} was asked for, this machine offers {best!r}')
    return device
