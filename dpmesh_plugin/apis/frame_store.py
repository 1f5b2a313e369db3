"""Finished frames of a video on disk, so that an interrupted run goes on."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from dpmesh_plugin.utils.io import atomic_write, dump_json, load_json

from .mesh_file import ImageMeshes, load_meshes, save_meshes

_FACTS = 'run.json'
_COMMON = 'common.npz'
# What differs between frames; one row per person. The rest is that of the whole video.
_OF_FRAME = (
    'person_ids',
    'global_orient',
    'body_pose',
    'betas',
    'transl',
    'joints',
    'keypoints',
    'keypoint_scores',
    'keypoints_visible',
    'boxes',
)


def is_frame_store(folder: Path) -> bool:
    """Whether a folder is one of a :class:`FrameStore`: what is in it is no result."""
    return (folder / _FACTS).is_file()


class FrameStore:
    """A folder with the predictions of every frame, all of one run, without vertices and faces.

    A frame is one array of records, ``000012.npy``, with the fields of
    :class:`~.mesh_file.ImageMeshes`: read and written in a tenth of the time of a result file.

    Args:
        folder: The folder; made if it is not there.
        facts: What the frames depend on, such as the checksum of the checkpoint.

    Raises:
        ValueError: the folder holds frames that depend on something else.
    """

    def __init__(self, folder: Path, facts: Mapping[str, str]) -> None:
        self.folder = folder
        self._common: ImageMeshes | None = None
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
        return self.folder / f'{number:06d}.npy'

    def has(self, number: int, person_ids: Iterable[int]) -> bool:
        """Whether a frame is finished: its file can be read and has these persons."""
        if not (self.folder / _COMMON).is_file():
            return False
        try:
            return set(self.records(number)['person_ids'].tolist()) == set(person_ids)
        except (OSError, EOFError, ValueError, KeyError, IndexError):
            return False

    def save(self, meshes: ImageMeshes) -> None:
        """Keep a finished frame."""
        if not (self.folder / _COMMON).is_file():
            save_meshes(meshes, self.folder / _COMMON)
        columns = {name: getattr(meshes, name) for name in _OF_FRAME}
        kinds = [(name, each.dtype, each.shape[1:]) for name, each in columns.items()]
        records = np.empty(meshes.num_persons, np.dtype(kinds))
        for name, each in columns.items():
            records[name] = each
        with atomic_write(self.path(meshes.frame_index)) as temporary:
            np.save(temporary, records, allow_pickle=False)

    def records(self, number: int) -> np.ndarray:
        """The persons of a finished frame as records."""
        return np.load(self.path(number), allow_pickle=False)

    def frame(self, number: int) -> ImageMeshes:
        """A finished frame, without vertices and faces."""
        if self._common is None:
            self._common = load_meshes(self.folder / _COMMON)
        records = self.records(number)
        own = {name: records[name].copy() for name in _OF_FRAME}
        without = {
            name: np.empty((len(records), *getattr(self._common, name).shape[1:]), np.float32)
            for name in ('vertices', 'skeleton')
        }
        return ImageMeshes(**{**vars(self._common), **own, **without, 'frame_index': number})
