"""3DPW, its occlusion subsets, and whatever is written in their layout."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.utils.io import load_json

from .annotation_columns import (
    BAD_BOX,
    as_rows,
    joint_column,
    keep_usable_boxes,
    person_columns,
    smpl_columns,
)
from .annotation_file import AnnotationFile
from .base_mesh_dataset import BaseMeshDataset
from .keypoint_sources import check_source, read_source

# Version of 3DPW's layout, extended (``info.version``): not that of the schema of docs/data.md.
PW3D_VERSION = 1


@dataclass(frozen=True)
class Subset:
    """Where a subset of 3DPW is found.

    Args:
        ann_file: File below the data root.
        sequences: Parts of sequence names; only matching sequences belong to it. Empty: all.
        keypoint_source: Detector whose keypoints are used in its published evaluation.
    """

    ann_file: str
    sequences: tuple[str, ...] = ()
    keypoint_source: str = 'openpose'


@DATASETS.register_module()
class PW3DDataset(BaseMeshDataset):
    """3DPW in the annotation files of the published evaluation, or data written in that schema.

    An annotation has ``id, image_id, bbox, openpose_result (18 x 3), smpl_param {pose 72, shape 10,
    trans 3, gender}``; an image ``id, file_name, sequence, width, height, cam_param {focal,
    princpt}``. Read where present: ``visibility`` (30), ``occlusion``, ``track_id``, ``frame_idx``,
    ``keypoints_3d`` (30 x 3, camera axes, m), and ``info {name, model_id, version}`` of the file.

    As published, annotations whose box is empty or outside the image are left out, although tests
    take their box from the keypoints: they are counted and logged, and stand in ``dropped``.

    Args:
        subset: A key of ``SUBSETS``. 3DPW-Crowd is the validation split, the sequences
            ``courtyard_hug_00`` and ``courtyard_dancing_00``.
        ann_file: Instead of the subset's own file.
        keypoint_source: ``'openpose'``; ``'higherhrnet'``: keypoints by annotation id from
            ``higherhrnet_file``, OpenPose where it has none; or a source in the file (see
            :mod:`~.keypoint_sources`). None: as published, HigherHRNet for ``crowd``. The published
            evaluation script by mistake takes OpenPose there: for the same, set ``'openpose'``.
        higherhrnet_file: File below the data root.
        data_root: Folder with the annotation files and ``imageFiles/SEQUENCE/FILE_NAME``. All other
            arguments: see :class:`BaseMeshDataset`.

    Raises:
        KeyError: unknown subset or keypoint source, or an annotation without a needed field.
        ValueError: contents that contradict the schema.
    """

    METAINFO: dict = {
        'dataset_name': '3DPW',
        'keypoint_set': 'dpmesh_30',
        'body_model_id': 'smpl',
    }
    SUBSETS: Mapping[str, Subset] = {
        'train': Subset('3DPW_latest_train.json'),
        'validation': Subset('3DPW_latest_validation.json'),
        'test': Subset('3DPW_latest_test.json'),
        'oc': Subset('3DPW_oc.json'),
        'pc': Subset('3DPW_pc.json'),
        'crowd': Subset(
            '3DPW_latest_validation.json',
            ('courtyard_hug_00', 'courtyard_dancing_00'),
            'higherhrnet',
        ),
    }
    LAYOUT = (
        'the annotation file (3DPW_latest_test.json, 3DPW_oc.json, ...: links in the README of '
        '3DCrowdNet and JOTR) and imageFiles/SEQUENCE/image_00000.jpg (the download of '
        'https://virtualhumans.mpi-inf.mpg.de/3DPW)'
    )
    KEYPOINT_SOURCES = ('openpose', 'higherhrnet')

    def __init__(
        self,
        *,
        subset: str = 'test',
        ann_file: str | None = None,
        keypoint_source: str | None = None,
        higherhrnet_file: str = '3DPW_validation_crowd_hhrnet_result.json',
        data_root: str = 'data/3DPW',
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
        if subset not in self.SUBSETS:
            raise KeyError(f'unknown subset {subset!r}; known: {", ".join(self.SUBSETS)}')
        self._subset = self.SUBSETS[subset]
        self.keypoint_source = keypoint_source or self._subset.keypoint_source
        self.higherhrnet_file = higherhrnet_file
        super().__init__(
            ann_file=ann_file or self._subset.ann_file,
            data_root=data_root,
            data_prefix=data_prefix or {'img_path': 'imageFiles'},
            pipeline=pipeline,
            with_neighbours=with_neighbours,
            test_mode=test_mode,
            metainfo={'subset': subset, 'keypoint_source': self.keypoint_source}
            | dict(metainfo or {}),
            indices=indices,
            serialize_data=serialize_data,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    def load_data_list(self) -> list[dict]:
        """Read, check and join annotations, images and keypoints."""
        file = AnnotationFile(self.ann_file)
        self._read_info(file)
        if wanted := self._subset.sequences:
            names = file.values('sequence', of_image=True)
            file.keep([any(part in name for part in wanted) for name in names])
        self.drop(BAD_BOX, keep_usable_boxes(file))
        if not len(file):
            return []  # the base class knows what to say
        columns = person_columns(file) | self._images(file) | self._keypoints(file)
        columns['smpl'] = as_rows(smpl_columns(file))
        columns['gender'] = file.genders('smpl_param.gender')
        columns['body_model_id'] = [self._metainfo['body_model_id']] * len(file)
        if file.has('keypoints_3d'):
            joints = joint_column(file, 'keypoints_3d', 'dpmesh_30')
            columns['pelvis'] = joints[:, 0]
            columns['keypoints_3d'] = joints - joints[:, :1]
        return as_rows(columns)

    def _read_info(self, file: AnnotationFile) -> None:
        """Let the file say what it is where it does."""
        check_source(self.keypoint_source, self.KEYPOINT_SOURCES, file)
        version = file.info.get('version', PW3D_VERSION) if 'model_id' in file.info else 0
        if version > PW3D_VERSION:
            raise ValueError(
                f'{file.path} has version {version} of the schema, this package reads up to '
                f'{PW3D_VERSION}. Update dpmesh_plugin or write the file anew'
            )
        if version:
            self._metainfo['dataset_name'] = file.info['name']
            self._metainfo['body_model_id'] = file.info['model_id']
            if self.keypoint_source in self.KEYPOINT_SOURCES:
                self._metainfo['keypoint_source'] = file.info.get('keypoint_source', 'as annotated')

    def _images(self, file: AnnotationFile) -> dict[str, Sequence]:
        folder = self.data_prefix['img_path']
        names, sequences = (
            file.values(field, of_image=True) for field in ('file_name', 'sequence')
        )
        return {
            'sequence': sequences,
            'img_path': [
                f'{folder}/{sequence}/{name}'
                for sequence, name in zip(sequences, names, strict=True)
            ],
            'focal_length': file.column('cam_param.focal', 2, of_image=True),
            'principal_point': file.column('cam_param.princpt', 2, of_image=True),
        }

    def _keypoints(self, file: AnnotationFile) -> dict[str, Sequence]:
        if self.keypoint_source in self.KEYPOINT_SOURCES:
            name = 'openpose_18'
            keypoints = list(joint_column(file, 'openpose_result', name))
        else:
            keypoints, name = read_source(file, self.keypoint_source)
        sets = [name] * len(file)
        if self.keypoint_source == 'higherhrnet':
            for row, joints in self._higherhrnet(file.ids).items():
                keypoints[row], sets[row] = joints, 'coco_17'
            print_log(
                f'{self.ann_file}: HigherHRNet keypoints for {sets.count("coco_17")} of '
                f'{len(file)} annotations, OpenPose for the others',
                'current',
            )
        return {
            'keypoints': [joints[:, :2] for joints in keypoints],
            'keypoint_scores': [joints[:, 2] for joints in keypoints],
            'keypoint_set': sets,
        }

    def _higherhrnet(self, ids: Sequence[int]) -> dict[int, np.ndarray]:
        """Keypoints (17, 3) by row, for the annotations that the file has."""
        path = Path(self.data_root) / self.higherhrnet_file
        results = load_json(path)
        found = {}
        for row, id_ in enumerate(ids):
            if str(id_) in results:
                joints = np.array(results[str(id_)].get('coco_joints', ()), dtype=np.float32)
                if joints.shape != (17, 3):
                    raise ValueError(
                        f'{path.absolute()}: entry {id_}: coco_joints must be (17, 3), got '
                        f'{joints.shape}'
                    )
                found[row] = joints
        return found
