"""Checkpoints compared with the model before loading."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.runner import find_latest_checkpoint
from torch import Tensor, nn

from dpmesh_plugin.utils.checkpoint_file import read_checkpoint, state_dict_of
from dpmesh_plugin.utils.distributed import unwrapped

# torch's name for what `get_extra_state` adds to a state dict; it checks itself on loading.
_EXTRA_STATE = '_extra_state'
_LISTED_KEYS = 5


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


def compare_keys(model: nn.Module, state_dict: Mapping[str, Any]) -> KeyComparison:
    """Compare names and shapes of a state dict with those of a model (unwrapped first)."""
    ours = unwrapped(model).state_dict()
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


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """The latest checkpoint of a run, also where its folder was renamed or moved since.

    Args:
        work_dir: Work folder of the run.

    Returns:
        What ``last_checkpoint`` in it names, or None without such a file.
    """
    named = find_latest_checkpoint(str(work_dir))
    if named is None or Path(named).exists():
        return named
    here = Path(work_dir) / Path(named).name
    return str(here) if here.exists() else named
