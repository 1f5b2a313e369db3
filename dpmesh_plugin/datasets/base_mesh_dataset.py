"""What all data sets of people with body-model annotations share."""

import copy
import gc
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset, Compose
from mmengine.logging import print_log

from dpmesh_plugin.registry import DATASETS

from .array_packer import ArrayPacker
from .keypoint_sources import with_source
from .neighbours import add_neighbours
from .transforms.randomness import seeded

# How many ids of left out annotations go into a log line; all are in ``dropped``.
_IDS_IN_LOG = 20
# Where ``sample_idx`` is kept in the index: mmengine writes the position over that name.
_ID = '_sample_idx'


@contextmanager
def _paused_garbage_collection() -> Iterator[None]:
    """Do not search the millions of fresh numbers of an annotation file for cycles.

    mmengine collects garbage once on its own: it then passes over what was there before.
    """
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


@DATASETS.register_module()
class BaseMeshDataset(BaseDataset):
    """One plain dict per person, from an index that worker processes share.

    A subclass writes :meth:`load_data_list` and the table below. Images are read by the pipeline.

    - ``img_path``, ``img_id``, ``sequence``, ``ori_shape`` (w, h) px
    - ``sample_idx``: id of the annotation in its file
    - ``bbox_xywh`` (4,): annotated box, px of the image
    - ``keypoints`` (K, 2) px of the image, ``keypoint_scores`` (K,), ``keypoint_set``: what a
      detector said
    - ``smpl``: dict of ``global_orient`` (3,) and ``body_pose`` (23, 3) rad, ``betas`` (10,),
      ``transl`` (3,) m, in camera axes (x right, y down, z forward); ``gender``; ``body_model_id``
    - ``focal_length`` (2,), ``principal_point`` (2,) px of the image
    - where annotated: ``visibility`` (30,) int8, ``occlusion`` in [0, 1], ``keypoints_3d`` (30, 3)
      m relative to ``pelvis`` (3,) m; ``track_id``, the person in the sequence, ``frame_idx``
    - with ``with_neighbours``: ``neighbours`` (M, 17, 3): x, y in px of the image and score of the
      ``coco_17`` joints of the other people in the picture, ``neighbour_boxes`` (M, 4)

    An index of :class:`EpochSampler` seeds what the pipeline draws, by seed, epoch and sample; so
    does a plain one in test mode. With a plain index in training the pipeline draws from the
    generators of the process.

    The constructor has the arguments of mmengine's ``BaseDataset``, which are more than ten.

    Args:
        ann_file: Annotation file, absolute or relative to ``data_root``.
        data_root: Folder of the data set.
        data_prefix: ``img_path``: folder of the images, absolute or relative to ``data_root``.
        pipeline: Transforms, configs or callables.
        with_neighbours: Tell every person about the others, for ``PoseFixNoise``.
        test_mode: Never replace a sample by another one.
        metainfo: Entries added to ``METAINFO``.
        indices: Only the first so many samples, or those of the given positions.
        serialize_data: Keep the index as one block of bytes.
        lazy_init: Do not read the annotations yet.
        max_refetch: How many other samples to try for one whose image was skipped in training.

    Raises:
        FileNotFoundError: the root, the annotation file or the images are not where they should be.
        ValueError: no sample is left.
    """

    METAINFO: dict = {'dataset_name': 'unnamed', 'keypoint_set': 'dpmesh_30'}
    # What is expected below the root and where it comes from; part of error messages.
    LAYOUT = 'an annotation file and a folder of images'

    def __init__(
        self,
        *,
        ann_file: str = '',
        data_root: str = '',
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
        self.with_neighbours = with_neighbours
        self.dropped: dict[str, list[int]] = {}
        self._packer = ArrayPacker()
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(data_prefix or {'img_path': ''}),
            pipeline=list(pipeline),
            test_mode=test_mode,
            metainfo=metainfo,
            indices=indices,
            serialize_data=serialize_data,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
        )

    @property
    def metainfo(self) -> dict:
        """Facts about the data; ``keypoint_source`` is what the pipeline gives to the model."""
        return with_source(super().metainfo, self.pipeline.transforms)

    def full_init(self) -> None:
        """Read the annotations, unless that was done."""
        if self._fully_initialized:
            return
        self._check_layout()
        with _paused_garbage_collection():
            super().full_init()
        self._check_first_image()

    def filter_data(self) -> list[dict]:
        """Refuse an empty index, add neighbours, and make the index small."""
        if not self.data_list:
            dropped = ', '.join(f'{len(ids)} because {why}' for why, ids in self.dropped.items())
            raise ValueError(
                f'{type(self).__name__}: no sample is left of {Path(self.ann_file).absolute()}; '
                f'left out: {dropped or "none"}. Check the subset and the file'
            )
        if self.with_neighbours:
            add_neighbours(self.data_list)
        packed = [self._packer.pack(person) for person in self.data_list]
        for person in packed:
            person[_ID] = person.pop('sample_idx')
        return packed

    def get_data_info(self, idx: int) -> dict:
        """The annotation at a position, as the table of the class says."""
        data_info = self._packer.unpack(super().get_data_info(idx))
        data_info['sample_idx'] = data_info.pop(_ID)
        return data_info

    def __getitem__(self, index: int) -> Any:
        draw, position = divmod(index, len(self))
        if draw < 1 and not self.test_mode:
            return super().__getitem__(position)
        with seeded(max(draw, 0), position):
            return super().__getitem__(position)

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one sample.

        A sample whose image the pipeline skipped (see ``LoadMeshImage``) goes on in test mode, for
        the metric to count. In training it is logged and replaced by another one.

        Raises:
            RuntimeError: a transform failed without naming the sample; the message does.
        """
        data_info = self.get_data_info(idx)
        path, sample_idx = data_info['img_path'], data_info['sample_idx']
        try:
            data = self.pipeline(data_info)
        except Exception as error:
            if str(path) in str(error):
                raise
            raise RuntimeError(
                f'{self.ann_file}: the pipeline failed on annotation {sample_idx}, image {path}: '
                f'{type(error).__name__}: {error}'
            ) from error
        if self.test_mode or data is None:
            return data
        skipped = data.get('skipped') or getattr(data.get('data_samples'), 'skipped', None)
        if skipped:
            print_log(
                f'another sample takes the place of one: {skipped}', 'current', logging.WARNING
            )
            return None
        return data

    def with_pipeline(self, transforms: Sequence[dict | Callable]) -> 'BaseMeshDataset':
        """The same people, sharing the index that was read, prepared by other transforms."""
        other = copy.copy(self)
        other.pipeline = Compose(transforms)
        return other

    def drop(self, reason: str, ids: Sequence[int]) -> None:
        """Note annotations that are left out, and say so in the log."""
        if ids:
            self.dropped.setdefault(reason, []).extend(ids)
            shown = ', '.join(map(str, ids[:_IDS_IN_LOG])) + (', ...' * (len(ids) > _IDS_IN_LOG))
            print_log(
                f'{self.ann_file}: left out {len(ids)} annotations ({reason}), ids {shown}',
                'current',
                level=logging.WARNING,
            )

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict:
        """Merge, without mmengine's attempt to open strings as files."""
        return copy.deepcopy(cls.METAINFO) | dict(metainfo or {})

    def _check_layout(self) -> None:
        places = {'data_root': self.data_root, 'ann_file': self.ann_file}
        places |= {f'data_prefix.{key}': folder for key, folder in self.data_prefix.items()}
        for argument, place in places.items():
            if place and not Path(place).exists():
                raise FileNotFoundError(
                    f'{type(self).__name__}: {argument} is {Path(place).absolute()}, which '
                    f'does not exist. Expected below the data root: {self.LAYOUT}. Put the data '
                    f'there or set {argument} of the dataset in the config'
                )

    def _check_first_image(self) -> None:
        path = Path(self.get_data_info(0)['img_path'])
        if not path.is_file():
            raise FileNotFoundError(
                f'{type(self).__name__}: the first image of {self.ann_file} is not at '
                f'{path.absolute()}. Expected below the data root: {self.LAYOUT}. Set '
                'data_prefix.img_path of the dataset to the folder of the images'
            )
