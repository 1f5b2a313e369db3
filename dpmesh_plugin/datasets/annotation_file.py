"""COCO-style annotation files, read as columns and checked on the way."""

import copy
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.utils.io import load_json

GENDERS = ('male', 'female', 'neutral')
# Nobody is turned twice about an axis, or has a shape that no one of 10^80 people has; what is
# beyond came in the wrong unit or layout.
MAX_ROTATION = 4 * np.pi
MAX_BETA = 20.0


class AnnotationFile:
    """Images and annotations of one file, joined by ``image_id``.

    Every message names the file, the field and the annotation. Where ``info.arrays`` names an npz
    file beside the JSON file, its arrays, one row per annotation, are fields of the annotations
    under their names (``'smpl_param.pose'``); its array ``id`` tells that the two belong together.

    Args:
        path: A JSON file with the lists ``images`` and ``annotations``.

    Raises:
        FileNotFoundError: no such file, or no arrays beside it.
        KeyError: a list, or the ``id`` of an entry, is missing.
        ValueError: duplicate ids, an annotation of an image that is not listed, or arrays of
            another file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        content = load_json(self.path)
        for key in ('images', 'annotations'):
            if not isinstance(content, dict) or not isinstance(content.get(key), list):
                raise KeyError(
                    f'{self.path} has no list {key!r}; expected a COCO-style annotation file with '
                    "'images' and 'annotations'"
                )
        self.info: dict[str, Any] = content.get('info', {})
        images = self._by_id(content['images'], 'image')
        self.annotations: list[dict] = list(
            self._by_id(content['annotations'], 'annotation').values()
        )
        self.images = [self._image_of(annotation, images) for annotation in self.annotations]
        self._arrays = self._read_arrays()

    def __len__(self) -> int:
        return len(self.annotations)

    @property
    def ids(self) -> list[int]:
        """Ids of the annotations, in file order."""
        return [annotation['id'] for annotation in self.annotations]

    def keep(self, mask: Sequence[bool] | np.ndarray) -> None:
        """Forget the annotations where ``mask`` is false."""
        self.annotations = [row for row, kept in zip(self.annotations, mask, strict=True) if kept]
        self.images = [row for row, kept in zip(self.images, mask, strict=True) if kept]
        chosen = np.asarray(mask, bool)
        self._arrays = {field: array[chosen] for field, array in self._arrays.items()}

    def select(self, mask: Sequence[bool] | np.ndarray) -> 'AnnotationFile':
        """The same file with only the annotations where ``mask`` is true."""
        selected = copy.copy(self)
        selected.keep(mask)
        return selected

    def has(self, field: str, *, of_image: bool = False) -> bool:
        """Whether the first annotation (or its image) has a field; then all must have it."""
        if not of_image and field in self._arrays:
            return True
        node: Any = (self.images if of_image else self.annotations)[0]
        for key in field.split('.'):
            if not isinstance(node, dict) or key not in node:
                return False
            node = node[key]
        return True

    def column(self, field: str, size: int, *, of_image: bool = False) -> np.ndarray:
        """A field of every annotation as numbers.

        Args:
            field: Name of the field; a dot enters a dict: ``'smpl_param.pose'``.
            size: How many numbers every annotation has there, nesting aside.
            of_image: Take the field of the image instead.

        Returns:
            (N, size) float32.

        Raises:
            KeyError: an annotation lacks the field.
            ValueError: it has another number of entries, or one is not a finite number.
        """
        if not of_image and field in self._arrays:
            values = self._arrays[field]
        else:
            values = self.values(field, of_image=of_image)
        try:
            table = np.asarray(values, dtype=np.float32)
            if table.size == size * len(values) and np.isfinite(table).all():
                return table.reshape(-1, size)
        except (ValueError, TypeError):
            pass  # the annotations differ in layout; one by one they may still fit
        rows = [self._numbers(value, size, field, row) for row, value in enumerate(values)]
        return np.array(rows, dtype=np.float32).reshape(-1, size)

    def values(self, field: str, *, of_image: bool = False) -> list:
        """A field of every annotation (or of its image) as it stands in the file."""
        if not of_image and field in self._arrays:
            return self._arrays[field].tolist()
        rows = self.images if of_image else self.annotations
        keys = field.split('.')
        try:
            for key in keys:
                rows = [row[key] for row in rows]
        except (KeyError, TypeError):
            broken = next(
                index
                for index, row in enumerate(rows)
                if not isinstance(row, dict) or key not in row
            )
            raise KeyError(
                f'{self.where(broken)} has no field {field!r}'
                f'{" in its image" if of_image else ""}; compare the file with its source, or set '
                'ann_file to the file meant'
            ) from None
        return rows

    def genders(self, field: str) -> list[str]:
        """A column of genders, also given by their first letter."""
        by_letter = {gender[0]: gender for gender in GENDERS}
        values = self.values(field)
        for row, value in enumerate(values):
            if value not in GENDERS and value not in by_letter:
                raise ValueError(
                    f'{self.where(row)}: {field} is {value!r}, expected one of {", ".join(GENDERS)}'
                )
        return [by_letter[value[0]] for value in values]

    def order(self) -> dict[str, list[int]]:
        """Person in the sequence and frame of every annotation, where the file states them.

        Raises:
            KeyError: an annotation lacks a field that the first one has.
            ValueError: a value is no whole number.
        """
        present = [field for field in ('track_id', 'frame_idx') if self.has(field)]
        return {field: self._whole_numbers(field) for field in present}

    def check_smpl(self, pose: np.ndarray, betas: np.ndarray) -> None:
        """Refuse absurd body parameters.

        Args:
            pose: (N, 72) axis-angles, rad.
            betas: (N, 10).

        Raises:
            ValueError: names the first annotation beyond all measure.
        """
        for name, size, limit in (
            ('rotation', np.linalg.norm(pose.reshape(-1, 24, 3), axis=-1), MAX_ROTATION),
            ('beta', np.abs(betas), MAX_BETA),
        ):
            if size.max(initial=0) > limit:
                row, joint = np.unravel_index(size.argmax(), size.shape)
                raise ValueError(
                    f'{self.where(row)}: {name} {joint} of smpl_param has the size '
                    f'{size[row, joint]:.4g}, more than {limit:.4g}; expected axis-angles in '
                    'radians and shape coefficients of unit variance'
                )

    def where(self, row: int) -> str:
        """Words for an annotation, by its position."""
        return f'{self.path}: annotation {self.annotations[row]["id"]}'

    def _whole_numbers(self, field: str) -> list[int]:
        """A field of every annotation, exact: float32 would join ids above 2^24."""
        values = self.values(field)
        for row, value in enumerate(values):
            if not isinstance(value, int) and not (isinstance(value, float) and value.is_integer()):
                raise ValueError(
                    f'{self.where(row)}: {field} must be a whole number, got {str(value)[:60]}'
                )
        return [int(value) for value in values]

    def _numbers(self, value: Any, size: int, field: str, row: int) -> np.ndarray:
        try:
            numbers = np.array(value, dtype=np.float64).reshape(-1)
        except (ValueError, TypeError):
            raise ValueError(
                f'{self.where(row)}: {field} must be {size} numbers, got {str(value)[:60]}'
            ) from None
        if len(numbers) != size:
            raise ValueError(
                f'{self.where(row)}: {field} must have {size} numbers, got {len(numbers)}; is it '
                'in another keypoint set or layout?'
            )
        if not np.isfinite(numbers).all():
            raise ValueError(f'{self.where(row)}: {field} has NaN or infinite entries')
        return numbers

    def _read_arrays(self) -> dict[str, np.ndarray]:
        name = self.info.get('arrays') if isinstance(self.info, dict) else None
        if name is None:
            return {}
        path = self.path.parent / name
        if not path.is_file():
            raise FileNotFoundError(
                f'{self.path} keeps its numbers in {path}, which does not exist; copy both files'
            )
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {field: file[field] for field in file.files}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f'{path} is damaged or no npz file of plain arrays ({error}); convert again'
            ) from error
        if 'id' not in arrays or arrays.pop('id').tolist() != self.ids:
            raise ValueError(
                f'{path} does not have the annotations of {self.path}, in their order; the two '
                'were written at different times: convert again or copy both'
            )
        for field, array in arrays.items():
            if len(array) != len(self):
                raise ValueError(f'{path}: {field} has {len(array)} rows, expected {len(self)}')
        return arrays

    def _by_id(self, rows: list[dict], kind: str) -> dict[Any, dict]:
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or 'id' not in row:
                raise KeyError(f'{self.path}: {kind} number {index} has no field {"id"!r}')
        table = {row['id']: row for row in rows}
        if len(table) < len(rows):
            seen: set = set()
            twice = [row['id'] for row in rows if row['id'] in seen or seen.add(row['id'])]
            raise ValueError(
                f'{self.path} has {len(twice)} duplicate {kind} ids, first {twice[:5]}; ids must '
                'be unique'
            )
        return table

    def _image_of(self, annotation: dict, images: dict[Any, dict]) -> dict:
        image = images.get(annotation.get('image_id'))
        if image is None:
            raise ValueError(
                f'{self.path}: annotation {annotation["id"]} belongs to image '
                f'{annotation.get("image_id")!r}, which is not in the list of images'
            )
        return image
