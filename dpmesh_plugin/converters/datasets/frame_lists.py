"""Which frames of which sequences belong to a subset."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Frames:
    """Ranges of frames by sequence.

    Args:
        ranges: By sequence, or by the beginning of its name where ``by_prefix``: first frame and
            the one after the last; None for all frames.
        by_prefix: The names are those of sequences without their number ``_00``.
    """

    ranges: dict[str, tuple[int, int] | None]
    by_prefix: bool = False

    def has(self, sequence: str, frame: int) -> bool:
        """Whether a frame belongs to the subset."""
        name = sequence.rpartition('_')[0] if self.by_prefix else sequence
        if name not in self.ranges:
            return False
        limits = self.ranges[name]
        return limits is None or limits[0] <= frame < limits[1]


def read_frames(path: str | Path) -> Frames:
    """Read a list of frames: one sequence a line, ``NAME`` or ``NAME FIRST LAST`` (inclusive).

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is neither.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected a list of frames, found none at {path.absolute()}')
    ranges: dict[str, tuple[int, int] | None] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split('#')[0].split()
        if len(words) == 1:
            ranges[words[0]] = None
        elif len(words) == 3 and words[1].isdigit() and words[2].isdigit():
            ranges[words[0]] = (int(words[1]), int(words[2]) + 1)
        elif words:
            raise ValueError(f'{path}:{number}: expected NAME or NAME FIRST LAST, got {line!r}')
    return Frames(ranges)
