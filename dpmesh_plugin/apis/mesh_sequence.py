"""Result files as photographs and as frames of a video."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .frame_store import is_frame_store
from .mesh_file import ImageMeshes, load_meshes, read_frame_stamp

PHOTOGRAPH = -1
"""Frame number of an image that belongs to no video."""


class MeshFiles(Sequence[ImageMeshes]):
    """Result files, each read when it is asked for and not kept.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = tuple(Path(path) for path in paths)

    def __getitem__(self, index: int) -> ImageMeshes:
        return load_meshes(self.paths[index])

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class MeshSequence:
    """The frames of one video in which persons were found, or one photograph.

    Args:
        name: Names the files made of it.
        frames: Meshes of every frame, in memory or as :class:`MeshFiles`.
        numbers: Numbers of the frames in the video, rising; ``(-1,)`` for a photograph.
        frame_rate: Frames per second, 0 for a photograph.

    Raises:
        ValueError: the frame numbers do not rise, or a video has no frame rate.
    """

    name: str
    frames: Sequence[ImageMeshes]
    numbers: tuple[int, ...] = (PHOTOGRAPH,)
    frame_rate: float = 0.0

    def __post_init__(self) -> None:
        if len(self.frames) != len(self.numbers) or not self.frames:
            raise ValueError(
                f'{self.name}: expected a number for every frame, got {len(self.frames)} frames '
                f'and {len(self.numbers)} numbers'
            )
        if (np.diff(self.numbers) <= 0).any():
            raise ValueError(f'{self.name}: frame numbers must rise, got {self.numbers[:10]} ...')
        if not self.is_still and not 0 < self.frame_rate < np.inf:
            raise ValueError(
                f'{self.name}: a video needs frames per second above 0, got {self.frame_rate}'
            )

    @property
    def is_still(self) -> bool:
        """Whether it is a photograph."""
        return self.numbers == (PHOTOGRAPH,)

    def seconds(self, numbers: np.ndarray) -> np.ndarray:
        """Times (T,) of frame numbers (T,), s from the first frame; 0 for a photograph."""
        if self.is_still:
            return np.zeros(len(numbers))
        return (np.asarray(numbers) - self.numbers[0]) / self.frame_rate

    def numbered_frames(self) -> Iterator[tuple[int, ImageMeshes]]:
        """Frame number and meshes, one after the other."""
        return zip(self.numbers, self.frames, strict=True)


def list_sequences(path: str | Path, *, frame_rate: float | None = None) -> list[MeshSequence]:
    """The photographs and videos that are meant by a result file or a folder of them.

    Files that state a frame number are frames of one video; the others are photographs. With
    ``frame_rate``, all files of the folder are frames of one video, with the number that they state
    or that their names end with. A file that cannot be read counts as a photograph, so that
    exporting it reports what is wrong and the rest goes on.

    The videos of a run lie in folders of their own below its output folder, which stands for them
    too. Of such a folder only files that state a frame number are taken.

    Args:
        path: One ``.npz`` file, or a folder; its own files and the videos one level below, sorted
            by name.
        frame_rate: Frames per second.

    Raises:
        FileNotFoundError: no such file or folder, or no result in it.
        ValueError: frames without a number, with the same number or with different rates, two
            results of one name, or a frame rate that is not above 0.
    """
    path = Path(path)
    if frame_rate is not None and not 0 < frame_rate < np.inf:
        raise ValueError(f'expected frames per second above 0, got {frame_rate}')
    if path.is_file():
        return [_photograph(path)]
    found = _sequences_of(path, frame_rate)
    folders = [each for each in sorted(path.glob('*')) if each.is_dir()]
    below = [folder for folder in folders if not is_frame_store(folder)]
    for folder in below:
        found += _sequences_of(folder, frame_rate, own=False)
    if not found:
        others = [folder.name for folder in below if any(folder.glob('*.npz'))]
        hint = f'; give one of the folders in it that have some: {", ".join(others)}'
        raise FileNotFoundError(
            'expected a result file (.npz) of tools/infer.py or a folder of them, found none at '
            f'{path.absolute()}{hint if others else ""}'
        )
    repeated = [name for name, count in Counter(each.name for each in found).items() if count > 1]
    if repeated:
        raise ValueError(
            f'{path.absolute()} has two results named {repeated[0]}, so one would overwrite the '
            f'other; give {path / repeated[0]}.npz and the folder {path / repeated[0]} one after '
            'the other, each with an output folder of its own'
        )
    return found


def _sequences_of(
    folder: Path, frame_rate: float | None, *, own: bool = True
) -> list[MeshSequence]:
    """What the files of a folder are; if it is not the one asked for (``own``), frames only."""
    stamps = {file: _stamp(file) for file in sorted(folder.glob('*.npz'))}
    framed = [
        file
        for file, stamp in stamps.items()
        if stamp is not None and (stamp[0] != PHOTOGRAPH or (own and frame_rate is not None))
    ]
    videos = [_video(folder, framed, stamps, frame_rate)] if framed else []
    return videos + [_photograph(file) for file in stamps if own and file not in framed]


def _photograph(path: Path) -> MeshSequence:
    return MeshSequence(path.stem, MeshFiles([path]))


def _stamp(path: Path) -> tuple[int, float] | None:
    try:
        return read_frame_stamp(path)
    except ValueError:
        return None


def _video(
    folder: Path,
    files: Sequence[Path],
    stamps: dict[Path, tuple[int, float]],
    frame_rate: float | None,
) -> MeshSequence:
    numbers = {file: _number(file, stamps[file][0]) for file in files}
    repeated = [number for number, count in Counter(numbers.values()).items() if count > 1]
    if repeated:
        names = [file.name for file in files if numbers[file] == repeated[0]]
        raise ValueError(
            f'{folder.absolute()}: {", ".join(names)} are all frame {repeated[0]}; a folder holds '
            'the frames of one video'
        )
    rates = {frame_rate or stamps[file][1] for file in files}
    if len(rates) > 1:
        raise ValueError(
            f'{folder.absolute()} has frames of videos with different rates: {sorted(rates)}; a '
            'folder holds the frames of one video'
        )
    files = sorted(files, key=numbers.get)
    ordered = tuple(numbers[file] for file in files)
    return MeshSequence(folder.resolve().name, MeshFiles(files), ordered, rates.pop())


def _number(file: Path, stated: int) -> int:
    if stated != PHOTOGRAPH:
        return stated
    digits = re.search(r'\d+$', file.stem)
    if digits is None:
        raise ValueError(
            f'{file.absolute()} states no frame number and its name does not end with one; expected'
            ' names such as frame_000012.npz'
        )
    return int(digits[0])
