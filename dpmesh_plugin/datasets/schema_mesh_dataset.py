"""Data sets in the schema of docs/data.md."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.structures import get_keypoint_set

from .annotation_columns import (
    BAD_BOX,
    as_rows,
    image_sizes,
    joint_column,
    keep_usable_boxes,
    person_columns,
    smpl_columns,
)
from .annotation_file import AnnotationFile
from .base_mesh_dataset import BaseMeshDataset
from .schema import check_against, read_schema_info


@DATASETS.register_module()
class SchemaMeshDataset(BaseMeshDataset):
    """People with annotated joints and fitted bodies, in the schema of docs/data.md.

    A data set of its own is a subclass that sets the table below; with ``ann_file`` this class
    reads any file of the schema. Beside the keys of :class:`BaseMeshDataset` a person has

    - ``annotated_keypoints`` (K, 2) px of the image, ``annotated_valid`` (K,), ``annotated_set``
    - ``annotated_keypoints_3d`` (K, 3) m, camera axes, relative to the pelvis, where annotated

    for ``AnnotatedKeypoints``. A person without a trusted fit has no ``smpl``. ``keypoints`` are
    those of the detector, or the annotated ones where the file has none. Where neither image nor
    annotation has a camera, the focal length is the diagonal of the image and the principal point
    its centre.

    Args:
        subset: A key of ``SUBSETS``.
        ann_file: Instead of the subset's own file.

    All other arguments: see :class:`BaseMeshDataset`.

    Raises:
        KeyError: unknown subset, or an annotation without a needed field.
        ValueError: contents that contradict the schema or the class.
    """

    # Files below the data root, by subset.
    SUBSETS: Mapping[str, str] = {}
    # Set of the annotated joints; None takes what the file says.
    ANNOTATED_SET: str | None = None
    # Whether the joints are annotated in space; None takes what the file has.
    IN_SPACE: bool | None = None
    DATA_ROOT = ''
    IMAGES = ''

    def __init__(
        self,
        *,
        subset: str | None = None,
        ann_file: str | None = None,
        data_root: str | None = None,
        data_prefix: Mapping[str, str] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        with_neighbours: bool = False,
        test_mode: bool = False,
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        lazy_init: bool = False,
        max_refetch: int = 100,
    ) -> None:
        self._subset = subset or next(iter(self.SUBSETS), None)
        if ann_file is None and self._subset not in self.SUBSETS:
            raise KeyError(
                f'{type(self).__name__}: unknown subset {subset!r}; known: '
                f'{", ".join(self.SUBSETS) or "none, set ann_file"}'
            )
        super().__init__(
            ann_file=ann_file or self.SUBSETS[self._subset],
            data_root=self.DATA_ROOT if data_root is None else data_root,
            data_prefix=data_prefix or {'img_path': self.IMAGES},
            pipeline=pipeline,
            with_neighbours=with_neighbours,
            test_mode=test_mode,
            metainfo={'subset': self._subset} | dict(metainfo or {}),
            indices=indices,
            serialize_data=serialize_data,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    def load_data_list(self) -> list[dict]:
        """Read, check and join annotations and images."""
        file = AnnotationFile(self.ann_file)
        info = read_schema_info(file)
        check_against(
            file,
            info,
            name=self.METAINFO['dataset_name'] if self.SUBSETS else None,
            subset=self._subset,
            keypoint_set=self.ANNOTATED_SET,
            in_space=self.IN_SPACE,
        )
        self._metainfo |= {'dataset_name': info.name, 'body_model_id': info.model_id}
        self.drop(BAD_BOX, keep_usable_boxes(file))
        if not len(file):
            return []  # the base class knows what to say
        columns = person_columns(file) | self._images(file) | self._cameras(file)
        columns |= self._joints(file, info.keypoint_set) | self._bodies(file)
        columns |= self._detections(file, columns, info.detection_set)
        columns['body_model_id'] = [info.model_id] * len(file)
        columns['sampled'] = [True] * len(file)
        if file.has('sampled'):
            columns['sampled'] = (file.column('sampled', 1)[:, 0] > 0).tolist()
        people = as_rows(columns)
        for person in people:
            if person['smpl'] is None:
                del person['smpl']
        return people

    def filter_data(self) -> list[dict]:
        """Leave out people who are only neighbours of others."""
        people = [person for person in super().filter_data() if person.pop('sampled')]
        if not people:
            raise ValueError(f'{self.ann_file}: sampled is 0 for all annotations; convert again')
        return people

    def _images(self, file: AnnotationFile) -> dict[str, Sequence]:
        folder = self.data_prefix['img_path']
        return {
            'img_path': [f'{folder}/{name}' for name in file.values('file_name', of_image=True)],
            'sequence': [image.get('sequence', '') for image in file.images],
        }

    @staticmethod
    def _cameras(file: AnnotationFile) -> dict[str, Sequence]:
        focal, centre = 'cam_param.focal', 'cam_param.princpt'
        if file.has(focal) or file.has(focal, of_image=True):
            of_image = not file.has(focal)
            lengths = file.column(focal, 2, of_image=of_image)
            centres = file.column(centre, 2, of_image=of_image)
        else:
            sizes = image_sizes(file)
            lengths = np.linalg.norm(sizes, axis=1, keepdims=True).repeat(2, axis=1)
            centres = sizes / 2
        if lengths.min() <= 0:
            row = int(lengths.min(axis=1).argmin())
            raise ValueError(
                f'{file.where(row)}: {focal} is {lengths[row].tolist()}; expected pixels above 0'
            )
        return {'focal_length': lengths, 'principal_point': centres}

    @staticmethod
    def _joints(file: AnnotationFile, keypoint_set: str) -> dict[str, Sequence]:
        table = joint_column(file, 'keypoints', keypoint_set)
        columns: dict[str, Sequence] = {
            'annotated_keypoints': table[..., :2].copy(),
            'annotated_valid': (table[..., 2] > 0).astype(np.float32),
            'annotated_set': [keypoint_set] * len(file),
        }
        if file.has('keypoints_3d'):
            in_space = joint_column(file, 'keypoints_3d', keypoint_set)
            root = get_keypoint_set(keypoint_set).index('pelvis')
            columns['annotated_keypoints_3d'] = in_space - in_space[:, root : root + 1]
        return columns

    @staticmethod
    def _bodies(file: AnnotationFile) -> dict[str, Sequence]:
        trusted = np.ones(len(file), bool)
        if file.has('smpl_valid'):
            trusted = file.column('smpl_valid', 1)[:, 0] > 0
        elif not file.has('smpl_param.pose'):
            trusted[:] = False
        bodies: list[dict | None] = [None] * len(file)
        genders = ['neutral'] * len(file)
        fits = file.select(trusted)
        fitted = zip(
            np.flatnonzero(trusted),
            as_rows(smpl_columns(fits)),
            fits.genders('smpl_param.gender'),
            strict=True,
        )
        for row, body, gender in fitted:
            bodies[row], genders[row] = body, gender
        return {'smpl': bodies, 'gender': genders}

    @staticmethod
    def _detections(
        file: AnnotationFile, columns: Mapping[str, Sequence], keypoint_set: str | None
    ) -> dict[str, Sequence]:
        if keypoint_set is None:
            return {
                'keypoints': columns['annotated_keypoints'],
                'keypoint_scores': columns['annotated_valid'],
                'keypoint_set': columns['annotated_set'],
            }
        table = joint_column(file, 'detections', keypoint_set)
        return {
            'keypoints': table[..., :2].copy(),
            'keypoint_scores': table[..., 2].copy(),
            'keypoint_set': [keypoint_set] * len(file),
        }
