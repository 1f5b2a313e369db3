"""What a conversion read, left out and missed."""

from collections.abc import Mapping
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


def _list(what: str, names: list[str]) -> str:
    rest = f', and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return f'{len(names)} {what}: {", ".join(names[:SHOWN])}{rest}'


def _count(names: list[str], source: Mapping[str, Tensor]) -> str:
    values = sum(source[name].numel() for name in names)
    return f'{len(names)} tensors, {values / 1e6:.1f} M values'
