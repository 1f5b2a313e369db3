"""What goes into an inference and what came of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from mmengine.device import get_device

from dpmesh_plugin.utils.io import dump_json

from .mesh_file import ImageMeshes
from .mesh_schema import SCHEMA_VERSION
from .overlays import write_image


@dataclass(frozen=True)
class Problem:
    """Something that was left out or that the user should know, and why.

    Args:
        image: Path of the image.
        message: What is wrong and what to do.
        person_id: The person, where the rest of the image was processed.
    """

    image: str
    message: str
    person_id: int | None = None

    def __str__(self) -> str:
        person = '' if self.person_id is None else f', person {self.person_id}'
        return f'{self.image}{person}: {self.message}'


@dataclass
class InferenceReport:
    """Result of a call of the inferencer.

    Args:
        meshes: Meshes of every image, unless they were written to files.
        pictures: Overlays (H, W, 3) uint8 RGB of the same images, if they were drawn.
        images: For every processed image its path, number of persons, and the names of its files.
        problems: Images and persons that were left out.
        notes: What was used and may be meant otherwise.
    """

    meshes: list[ImageMeshes] = field(default_factory=list)
    pictures: list[np.ndarray] = field(default_factory=list)
    images: list[dict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def num_persons(self) -> int:
        """Persons with a mesh, in all images."""
        return sum(image['persons'] for image in self.images)

    def add(
        self, image: str, meshes: ImageMeshes, picture: np.ndarray | None, stem: Path | None
    ) -> None:
        """Write the results of an image, or keep them.

        Args:
            image: Path of the image.
            meshes: Its persons.
            picture: Overlay, if there is one.
            stem: Path of the files without what tells them apart; None to keep the results here.
        """
        entry = {'image': image, 'persons': meshes.num_persons}
        if stem is not None:
            entry |= write_image(stem, meshes, picture)
        else:
            self.meshes.append(meshes)
            self.pictures += [] if picture is None else [picture]
        self.images.append(entry)

    def save(self, path: str | Path, **facts: str) -> None:
        """Write the summary of a run as JSON.

        Args:
            path: The file.
            facts: What else is to be stated, such as config and checkpoint.
        """
        summary = {
            'schema_version': SCHEMA_VERSION,
            **facts,
            'images': self.images,
            'problems': [vars(problem) for problem in self.problems],
            'notes': [vars(note) for note in self.notes],
        }
        dump_json(summary, path)


def output_names(images: Iterable[Path]) -> dict[Path, str]:
    """A name for the files of every image: its stem, with the suffix where stems repeat.

    Raises:
        ValueError: two images have the same file name, so that results would overwrite each other.
    """
    images = list(images)
    stems = Counter(path.stem for path in images)
    names = {
        path: path.stem if stems[path.stem] == 1 else path.name.replace('.', '_') for path in images
    }
    repeated = [name for name, count in Counter(names.values()).items() if count > 1]
    if repeated:
        raise ValueError(
            f'{len(repeated)} of the images share a file name, so one result would overwrite '
            f'another: {", ".join(repeated[:5])}; give them one after the other, each with an '
            'output folder of its own'
        )
    return names


def make_folder(path: str | Path) -> Path:
    """Make a folder for results, or find out now that it cannot be written.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: it cannot be made, or nothing can be written into it.
    """
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    try:
        # What the permissions say holds neither for root nor for every file system.
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        message = (
            f'the output folder {path.absolute()} is not writable; choose another or change its '
            'permissions'
        )
        raise OSError(error.errno, message) from error
    return path


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
