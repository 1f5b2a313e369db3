"""What a conversion read, left out and missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

SHOWN = 5


@dataclass
class Coverage:
    """Account of one conversion.

    Args:
        read: Names in the source that were used.
        unused: Reason -> names in the source that have no counterpart.
        kept: Our names that the source never holds; they keep the model's own value.
        missing: Our names -> the name looked for in the source.
        misshapen: Name in the source -> expected and found shape.
        unknown: Names in the source that no table mentions.
    """

    read: list[str] = field(default_factory=list)
    unused: dict[str, list[str]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    misshapen: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def text(self, source: Mapping[str, Tensor]) -> str:
        """The account as lines to print.

        Args:
            source: The converted tensors by their names in the source, for counting.
        """
        lines = [f'read      {_count(self.read, source)}']
        for reason, names in self.unused.items():
            lines.append(f'unused    {_count(names, source)}: {reason}')
        if self.kept:
            lines.append(f'kept      {len(self.kept)} tensors that the source never holds')
        lines += [f'missing   {ours} (looked for {name})' for ours, name in self.missing.items()]
        for name, (expected, found) in self.misshapen.items():
            lines.append(f'misshapen {name}: expected {expected}, found {found}')
        lines += [f'unknown   {name}' for name in self.unknown]
        return '\n'.join(lines)

    def check(self, where: str) -> None:
        """Raise unless everything needed was found and nothing is left over.

        Args:
            where: Name of the source, for the message.

        Raises:
            ValueError: tensors missing, of another shape, or unknown.
        """
        problems = []
        if self.missing:
            problems.append(_list('tensors are missing', list(self.missing.values())))
        if self.misshapen:
            shapes = [
                f'{name} (expected {expected}, found {found})'
                for name, (expected, found) in self.misshapen.items()
            ]
            problems.append(_list('tensors have the shape of another model size', shapes))
        if self.unknown:
            problems.append(_list('tensors are in no table', self.unknown))
        if problems:
            raise ValueError(f'{where} does not fit the model: ' + '; '.join(problems))


def collect(
    expected: Mapping[str, Tensor],
    source: Mapping[str, Tensor],
    *,
    name_of: Callable[[str], str | None],
    reason_of: Callable[[str], str | None],
    take: Callable[[str, Tensor], Tensor] = lambda _, tensor: tensor,
) -> tuple[dict[str, Tensor], Coverage]:
    """Fill the names of a model from a source with other names.

    Args:
        expected: State dict of the model; names, shapes and types are read, besides the values that
            the source never holds.
        source: Tensors by their names in the source.
        name_of: Our name -> name in the source, or None where the source never holds it.
        reason_of: Name in the source -> why nothing reads it, or None.
        take: Our name and a tensor of the source -> the tensor as ours.

    Returns:
        The state dict, complete if the account's ``check`` passes, and the account.
    """
    state, coverage = {}, Coverage()
    used = set()
    for name, like in expected.items():
        wanted = name_of(name)
        if wanted is None:
            state[name] = like
            coverage.kept.append(name)
        elif wanted not in source:
            coverage.missing[name] = wanted
        else:
            used.add(wanted)
            tensor = take(name, source[wanted])
            if tensor.shape == like.shape:
                state[name] = tensor.to(like.dtype)
            else:
                coverage.misshapen[wanted] = (tuple(like.shape), tuple(tensor.shape))
    for name in source:
        reason = reason_of(name)
        if name in used:
            coverage.read.append(name)
        elif reason:
            coverage.unused.setdefault(reason, []).append(name)
        else:
            coverage.unknown.append(name)
    return state, coverage


def _list(what: str, names: list[str]) -> str:
    rest = f', and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return f'{len(names)} {what}: {", ".join(names[:SHOWN])}{rest}'


def _count(names: list[str], source: Mapping[str, Tensor]) -> str:
    values = sum(source[name].numel() for name in names)
    return f'{len(names)} tensors, {values / 1e6:.1f} M values'
