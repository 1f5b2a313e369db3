"""What goes into an inference and what came of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from dpmesh_plugin.utils.io import dump_json, load_json

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
        notes: What was not taken or may be meant otherwise, and is nothing wrong.
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

        One that is there already is gone on with: its results that are still there and were not
        written anew stay, each with those of its own facts that are others now; so does what it
        says about images that were not processed again.

        Args:
            path: The file, in the folder of the results.
            facts: What else is to be stated, such as config and checkpoint.
        """
        path = Path(path)
        earlier = _read_summary(path)
        if earlier is None and path.exists():
            self.notes.append(Problem(str(path), 'was no summary of results and is replaced'))
        summary = {
            'schema_version': SCHEMA_VERSION,
            **facts,
            'images': self.images,
            'problems': [vars(problem) for problem in self.problems],
            'notes': [vars(note) for note in self.notes],
        }
        dump_json(summary if earlier is None else _joined(earlier, summary, path.parent), path)


def _read_summary(path: Path) -> dict | None:
    """The summary of earlier runs; None if there is none, or a file of another kind."""
    try:
        content = load_json(path)
    except (FileNotFoundError, ValueError):
        return None
    entries = content.get('images') if isinstance(content, dict) else None
    if not isinstance(entries, list):
        return None
    known = all(isinstance(entry, dict) and 'meshes' in entry for entry in entries)
    return content if known else None


def _joined(earlier: dict, summary: dict, folder: Path) -> dict:
    """The summary of a run, with what earlier ones left in the folder."""
    written = {entry['meshes'] for entry in summary['images']}
    lists = ('images', 'problems', 'notes')
    others = {
        name: fact
        for name, fact in earlier.items()
        if name not in lists and fact != summary.get(name)
    }
    images = [
        {**others, **entry}
        for entry in earlier['images']
        if entry['meshes'] not in written and (folder / entry['meshes']).exists()
    ]
    processed = {_without_frame(item['image']) for name in lists for item in summary[name]}
    joined = {**summary, 'images': images + summary['images']}
    for name in ('problems', 'notes'):
        said = earlier.get(name, [])
        joined[name] = [each for each in said if _without_frame(each['image']) not in processed]
        joined[name] += summary[name]
    return joined


def _without_frame(label: str) -> str:
    """The path of a video out of what names one of its frames."""
    return re.sub(r', frame \d+$', '', label)


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
        first, second, *_ = (path for path in images if names[path] == repeated[0])
        more = f' (and {len(repeated) - 1} more such names)' if len(repeated) > 1 else ''
        raise ValueError(
            f'the results of {first} and {second} would have the same name and one overwrite the '
            f'other{more}; rename one, or give them one after the other, each with an output '
            'folder of its own'
        )
    return names


def make_folder(path: str | Path) -> Path:
    """Make a folder for results, or find out now that it cannot be written.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: it cannot be made, or nothing can be written into it.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f'the output folder {path.absolute()} cannot be made: {error.strerror}'
        raise OSError(error.errno, f'{message}; choose another') from error
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
