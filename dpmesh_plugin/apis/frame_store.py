"""Finished frames of a video on disk, so that an interrupted run goes on."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from dpmesh_plugin.utils.io import dump_json, load_json

from .mesh_file import ImageMeshes, load_meshes, read_arrays, save_meshes

_FACTS = 'run.json'


class FrameStore:
    """A folder with one result file per frame, all of one run.

    Args:
        folder: The folder; made if it is not there.
        facts: What the frames depend on, such as the checksum of the checkpoint.

    Raises:
        ValueError: the folder holds frames that depend on something else.
    """

    def __init__(self, folder: Path, facts: Mapping[str, str]) -> None:
        self.folder = folder
        file = folder / _FACTS
        if not file.is_file():
            dump_json(dict(facts), file)
            return
        earlier = load_json(file)
        differing = [key for key in facts if earlier.get(key) != facts[key]]
        if differing:
            raise ValueError(
                f'{folder.absolute()} has frames of another run: {", ".join(differing)} differ; '
                'choose another output folder, or remove this one'
            )

    def path(self, number: int) -> Path:
        """File of a frame."""
        return self.folder / f'{number:06d}.npz'

    def has(self, number: int, person_ids: Iterable[int]) -> bool:
        """Whether a frame is finished: its file can be read and has these persons."""
        try:
            return set(load_meshes(self.path(number)).person_ids.tolist()) == set(person_ids)
        except (OSError, ValueError, KeyError):
            return False

    def save(self, meshes: ImageMeshes) -> None:
        """Keep a finished frame."""
        save_meshes(meshes, self.path(meshes.frame_index))

    def frames(self, numbers: Iterable[int]) -> Iterator[ImageMeshes]:
        """The finished ones of these frames, one after the other."""
        return (load_meshes(path) for path in map(self.path, numbers) if path.is_file())

    def arrays(
        self, numbers: Iterable[int], names: tuple[str, ...]
    ) -> Iterator[dict[str, np.ndarray]]:
        """Some arrays of the finished ones of these frames."""
        paths = (path for path in map(self.path, numbers) if path.is_file())
        return (read_arrays(path, names) for path in paths)
