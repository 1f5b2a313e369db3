"""Checkpoint files: read without running code, compared with the model before loading."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.model import is_model_wrapper
from mmengine.runner.checkpoint import CheckpointLoader, get_torch_safe_globals
from torch import Tensor, nn

# torch's name for what `get_extra_state` adds to a state dict; it checks itself on loading.
_EXTRA_STATE = '_extra_state'
_LISTED_KEYS = 5
_HASH_BLOCK = 2**22  # bytes
_ZIP_MAGIC = b'PK\x03\x04'
_NUMBERS = '?bBhHiIlLqQefd'  # NumPy's codes of truth values, whole and real numbers


@dataclass(frozen=True)
class KeyComparison:
    """How a checkpoint differs from a model.

    Args:
        missing: Keys of the model that the checkpoint lacks.
        unexpected: Keys of the checkpoint that the model lacks.
        mismatched: For common keys of unequal shape: key, shape in the checkpoint and in the model.
        num_matching: Number of keys that agree.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    num_matching: int

    @property
    def agrees(self) -> bool:
        """Whether every key of either side has a partner of the same shape."""
        return not (self.missing or self.unexpected or self.mismatched)

    def describe(self) -> str:
        """The counts and the first few keys of each kind, one kind a line."""
        shapes = tuple(f'{key} {ours} in the model, {its}' for key, its, ours in self.mismatched)
        lines = [f'{self.num_matching} keys match']
        for title, keys in (
            ('missing from the checkpoint', self.missing),
            ('unknown to the model', self.unexpected),
            ('of another shape', shapes),
        ):
            if keys:
                more = ', ...' if len(keys) > _LISTED_KEYS else ''
                lines.append(f'{len(keys)} {title}: {", ".join(keys[:_LISTED_KEYS])}{more}')
        return '\n  '.join(lines)


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


def compare_keys(model: nn.Module, state_dict: Mapping[str, Any]) -> KeyComparison:
    """Compare names and shapes of a state dict with those of a model (unwrapped first)."""
    ours = (model.module if is_model_wrapper(model) else model).state_dict()
    common = [key for key in ours if key in state_dict]
    mismatched = tuple(
        (key, tuple(state_dict[key].shape), tuple(ours[key].shape))
        for key in common
        if not key.endswith(_EXTRA_STATE) and not _same_shape(state_dict[key], ours[key])
    )
    return KeyComparison(
        missing=tuple(key for key in ours if key not in state_dict),
        unexpected=tuple(key for key in state_dict if key not in ours),
        mismatched=mismatched,
        num_matching=len(common) - len(mismatched),
    )


def _same_shape(one: Tensor, other: Tensor) -> bool:
    """Compare shapes; a number is as good as a vector of one, as which it is sharded."""
    return (one.shape or (1,)) == (other.shape or (1,))


def check_keys(
    model: nn.Module, state_dict: Mapping[str, Any], source: str, *, strict: bool = True
) -> KeyComparison:
    """Compare as :func:`compare_keys` does, and refuse weights that do not fit.

    Args:
        model: Model the weights are meant for.
        state_dict: Weights.
        source: Where they come from, for the message.
        strict: Whether any difference raises. If not, only weights without a single matching key.

    Raises:
        ValueError: the weights do not fit.
    """
    comparison = compare_keys(model, state_dict)
    if not comparison.agrees and (strict or not comparison.num_matching):
        raise ValueError(
            f'{source} does not fit the model {type(model).__name__}:\n  {comparison.describe()}\n'
            'Use the config it was trained with, or convert the file first. To load what fits and '
            'keep initial values for the rest, set strict=False (StrictLoadHook in a config)'
        )
    return comparison


def load_weights(model: nn.Module, path: str | Path, *, strict: bool = True) -> KeyComparison:
    """Load the weights of a checkpoint file into a model, in place.

    Args:
        model: Model to fill.
        path: ``.pth`` or ``.safetensors`` file.
        strict: Whether keys and shapes must be exactly those of the model. If not, what fits is
            loaded and the rest of the model stays as it is.

    Returns:
        How the file differs from the model.

    Raises:
        FileNotFoundError: no file at ``path``.
        ValueError: the file cannot be read safely, or it does not fit.
    """
    state_dict = state_dict_of(read_checkpoint(path))
    comparison = check_keys(model, state_dict, str(path), strict=strict)
    unfit = {key for key, *_ in comparison.mismatched}
    fitting = {key: value for key, value in state_dict.items() if key not in unfit}
    model.load_state_dict(fitting, strict=False)
    return comparison


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(Path(path).expanduser(), 'rb') as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@CheckpointLoader.register_scheme(prefixes=r'.*\.safetensors$')
def load_from_safetensors(filename: str, map_location: str | None) -> dict[str, Any]:
    """Let the runner load ``.safetensors`` files, for which mmengine has no reader."""
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
