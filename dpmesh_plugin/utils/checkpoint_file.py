"""Checkpoint files, read without running code that is stored in them."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.runner.checkpoint import CheckpointLoader, get_torch_safe_globals
from torch import Tensor

_LISTED_KEYS = 5
_HASH_BLOCK = 2**22  # bytes
_ZIP_MAGIC = b'PK\x03\x04'
_NUMBERS = '?bBhHiIlLqQefd'  # NumPy's codes of truth values, whole and real numbers


def read_checkpoint(path: str | Path, *, map_location: str = 'cpu') -> dict[str, Any]:
    """Read a ``.pth`` or ``.safetensors`` file without running any code stored in it.

    Args:
        path: Checkpoint file.
        map_location: Device of the tensors; ``'meta'`` reads names and shapes only (``.pth``).

    Returns:
        The stored mapping: a state dict, or a dict that holds one under ``state_dict``.

    Raises:
        FileNotFoundError: no file at ``path``.
        ValueError: the file is damaged, is no checkpoint, or holds Python objects.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a checkpoint, found none at {path.absolute()}. Checkpoints are written by '
            'tools/train.py into its --work-dir'
        )
    read = _read_safetensors if path.suffix == '.safetensors' else _read_pickled
    checkpoint = read(path, map_location)
    content = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, Mapping) else None
    if not isinstance(content, Mapping) or not any(isinstance(v, Tensor) for v in content.values()):
        raise ValueError(
            f'{path.absolute()} holds no weights: expected a state dict, or a dict with one under '
            f"'state_dict', got {_outline(checkpoint)}"
        )
    return checkpoint


def state_dict_of(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The state dict of a checkpoint, without the ``module.`` prefix of a distributed wrapper."""
    state_dict = checkpoint.get('state_dict', checkpoint)
    return {key.removeprefix('module.'): value for key, value in state_dict.items()}


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(Path(path).expanduser(), 'rb') as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@CheckpointLoader.register_scheme(prefixes='', force=True)
@CheckpointLoader.register_scheme(prefixes=r'.*\.safetensors$')
def load_local(filename: str, map_location: str | None) -> dict[str, Any]:
    """Let mmengine read local files as :func:`read_checkpoint` does.

    Its own reader runs the code in a file that holds Python objects, and knows no safetensors.
    """
    return read_checkpoint(filename, map_location=map_location or 'cpu')


def _read_pickled(path: Path, map_location: str) -> Any:
    with open(path, 'rb') as file:
        is_zip = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
    try:
        with torch.serialization.safe_globals(_harmless_types()):
            return torch.load(path, map_location=map_location, weights_only=True, mmap=is_zip)
    except OSError:
        raise
    except UnpicklingError as error:
        foreign = re.search(r'GLOBAL (\S+)', str(error))
        if foreign is None:
            raise ValueError(_damaged(path, error)) from error
        raise ValueError(
            f'{path.absolute()} holds the Python object {foreign[1]}, which would run code when '
            'loaded; only tensors and plain containers are read. If you trust the file, save its '
            'state_dict() alone in a process of your own'
        ) from error
    except Exception as error:  # bytes that are no checkpoint break the unpickler in any way
        raise ValueError(_damaged(path, error)) from error


def _harmless_types() -> list:
    """What a checkpoint may hold beside tensors: arrays too, also as older NumPys named them.

    Checkpoints of the OpenMMLab family keep facts about the data as arrays.
    """
    rebuild = [
        (getattr(np._core.multiarray, name), f'numpy.core.multiarray.{name}')
        for name in ('_reconstruct', 'scalar')
    ]
    return [*get_torch_safe_globals(), *rebuild, *(type(np.dtype(code)) for code in _NUMBERS)]


def _read_safetensors(path: Path, map_location: str) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device='cpu' if map_location == 'meta' else str(map_location))
    except SafetensorError as error:
        raise ValueError(_damaged(path, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    return (
        f'{path.absolute()} ({path.stat().st_size} bytes) is not a readable checkpoint: truncated, '
        f'damaged or of another kind ({type(error).__name__}). Expected a file written by '
        'torch.save or safetensors; copy or download it again'
    )


def _outline(checkpoint: Any) -> str:
    """What a file holds, in a few words."""
    if not isinstance(checkpoint, Mapping):
        return f'a {type(checkpoint).__name__}'
    return f'a dict with the keys {", ".join(sorted(map(str, checkpoint))[:_LISTED_KEYS])}'
