"""Writing annotation files in the schema of docs/data.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.datasets.schema import SCHEMA_VERSION
from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.utils.io import atomic_write, dump_json

SMPL_SIZES = {'pose': 72, 'shape': 10, 'trans': 3}


def write_file(
    path: str | Path,
    info: Mapping[str, Any],
    images: Sequence[dict],
    people: Sequence[dict],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Write an annotation file and, beside it, its arrays; images without people are left out.

    Args:
        path: The JSON file; the arrays become an npz file of the same name.
        info: Entries of ``info``.
        images: Entries with an ``id``.
        people: Entries with ``id`` and ``image_id``.
        arrays: Fields of the people, one row each.
    """
    path = Path(path)
    numbers = path.with_suffix('.npz')
    with atomic_write(numbers) as temporary, temporary.open('wb') as file:
        np.savez(file, id=np.array([person['id'] for person in people]), **arrays)
    used = {person['image_id'] for person in people}
    content = {
        'info': {**info, 'arrays': numbers.name},
        'images': [image for image in images if image['id'] in used],
        'annotations': list(people),
    }
    dump_json(content, path, indent=None)


@dataclass
class Person:
    """One annotation.

    Args:
        id: Unique in the file.
        image_id: Id of an image of the file.
        bbox: (4,) x, y, w, h, tight, px.
        keypoints: (K, 3) x, y in px of the image; third column above 0 where annotated.
        keypoints_3d: (K, 3) m, camera axes.
        smpl: ``pose`` (72,) rad, ``shape`` (10,), ``trans`` (3,) m in camera axes, ``gender``;
            None without a trusted fit.
        camera: ``focal`` (2,), ``princpt`` (2,) px, where it belongs to the person.
        detections: (K', 3) x, y, score of a detector.
        sampled: Whether it is a sample; else it is only a neighbour of others.
    """

    id: int
    image_id: int
    bbox: Sequence[float] | np.ndarray
    keypoints: np.ndarray
    keypoints_3d: np.ndarray | None = None
    smpl: Mapping[str, Any] | None = None
    camera: Mapping[str, Any] | None = None
    detections: np.ndarray | None = None
    sampled: bool = True


class SchemaWriter:
    """Collects images and people and writes the JSON file with its arrays.

    Args:
        name: Name of the data set.
        subset: Name of the subset.
        keypoint_set: Set of the annotated joints.
        detection_set: Set of the detections.
        model_id: Body model of the fits.
    """

    def __init__(
        self,
        *,
        name: str,
        subset: str,
        keypoint_set: str,
        detection_set: str | None = None,
        model_id: str = 'smpl',
    ) -> None:
        self.info: dict[str, Any] = {
            'name': name,
            'version': SCHEMA_VERSION,
            'subset': subset,
            'keypoint_set': keypoint_set,
            'model_id': model_id,
        }
        if detection_set is not None:
            self.info['detection_set'] = detection_set
        self.images: list[dict] = []
        self.people: list[Person] = []

    def add_image(
        self,
        *,
        id: int,
        file_name: str,
        width: int,
        height: int,
        camera: Mapping[str, Any] | None = None,
        sequence: str | None = None,
    ) -> None:
        """Add an image; ``file_name`` is relative to the folder of the images."""
        image: dict[str, Any] = {
            'id': id,
            'file_name': file_name.replace('\\', '/'),
            'width': int(width),
            'height': int(height),
        }
        if camera is not None:
            image['cam_param'] = {
                key: np.asarray(camera[key], np.float64).reshape(2).tolist()
                for key in ('focal', 'princpt')
            }
        if sequence is not None:
            image['sequence'] = sequence
        self.images.append(image)

    def add_person(self, person: Person) -> None:
        """Add a person of an image."""
        self.people.append(person)

    def write(self, path: str | Path) -> None:
        """Write ``path`` and, beside it, the arrays as npz.

        Raises:
            ValueError: there are no people, or one has numbers that are missing, too many or not
                finite; the message names it.
        """
        if not self.people:
            raise ValueError(
                f'no people for {path}: the annotations and the subset asked for have none in '
                'common. Check the paths given'
            )
        people = [{'id': person.id, 'image_id': person.image_id} for person in self.people]
        write_file(path, self.info, self.images, people, self._arrays())

    def summary(self) -> str:
        """How much was written."""
        fitted = sum(person.smpl is not None for person in self.people)
        return f'{len(self.images)} images, {len(self.people)} people, {fitted} with a trusted fit'

    def _arrays(self) -> dict[str, np.ndarray]:
        joints = get_keypoint_set(self.info['keypoint_set']).num
        arrays = {
            'bbox': self._column('bbox', 4),
            'keypoints': self._column('keypoints', 3 * joints),
        }
        for field, size in (('keypoints_3d', 3 * joints), ('detections', self._detection_size())):
            if getattr(self.people[0], field) is not None:
                arrays[field] = self._column(field, size)
        if self.people[0].camera is not None:
            for key in ('focal', 'princpt'):
                values = [person.camera[key] for person in self.people]
                arrays[f'cam_param.{key}'] = self._table(key, values, 2)
        fitted = [person.smpl is not None for person in self.people]
        if any(fitted):
            arrays |= self._fits(np.array(fitted))
        if not all(person.sampled for person in self.people):
            arrays['sampled'] = np.array([person.sampled for person in self.people], np.uint8)
        return arrays

    def _fits(self, fitted: np.ndarray) -> dict[str, np.ndarray]:
        fits = [person.smpl or {} for person in self.people]
        arrays = {
            f'smpl_param.{key}': self._table(key, [f.get(key, np.zeros(size)) for f in fits], size)
            for key, size in SMPL_SIZES.items()
        }
        arrays['smpl_param.gender'] = np.array([fit.get('gender', 'neutral') for fit in fits])
        arrays['smpl_valid'] = fitted.astype(np.uint8)
        return arrays

    def _detection_size(self) -> int:
        name = self.info.get('detection_set')
        return 3 * get_keypoint_set(name).num if name else 0

    def _column(self, field: str, size: int) -> np.ndarray:
        return self._table(field, [getattr(person, field) for person in self.people], size)

    def _table(self, field: str, values: Sequence[Any], size: int) -> np.ndarray:
        table = np.zeros((len(values), size), np.float32)
        for row, value in enumerate(values):
            numbers = np.asarray(np.nan if value is None else value, np.float64).reshape(-1)
            if len(numbers) != size or not np.isfinite(numbers).all():
                raise ValueError(
                    f'{self.info["name"]}, annotation {self.people[row].id}: {field} must be '
                    f'{size} finite numbers, got {str(value)[:80]}; the original file is damaged '
                    'or in another layout'
                )
            table[row] = numbers
        return table
