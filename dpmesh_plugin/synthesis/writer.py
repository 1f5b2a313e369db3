"""Writing SynthOC: images by worker processes, annotation files last and whole."""

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.utils.io import dump_json, load_json

from .annotations import CATEGORIES, image_entry, person_entry
from .scene import SceneGenerator

NAME, VERSION, LICENCE = 'SynthOC', 1, 'CC0-1.0'
SPLITS = ('train', 'test', 'val')
SEQUENCE_LENGTH = 500
MIN_IMAGE_SIZE = 64
IMAGE_FOLDER = 'imageFiles'
JPEG_QUALITY = (82, 97)


@dataclass(frozen=True, kw_only=True)
class DatasetRequest:
    """What a SynthOC folder should hold. Equal requests give equal bytes.

    Args:
        train: Number of training images.
        test: Number of test images.
        val: Number of validation images.
        seed: Seed of the whole set; a sample depends on it, its split and its number only.
        image_size: Side of the square images in px.
        supersample: Rendered samples per pixel along each side.

    Raises:
        ValueError: a number is out of its range.
    """

    train: int
    test: int
    val: int = 0
    seed: int = 0
    image_size: int = 256
    supersample: int = 2

    def __post_init__(self) -> None:
        limits = {'train': 0, 'test': 0, 'val': 0, 'seed': 0, 'supersample': 1,
                  'image_size': MIN_IMAGE_SIZE}  # fmt: skip
        for name, low in limits.items():
            if getattr(self, name) < low:
                raise ValueError(f'{name} must be at least {low}, got {getattr(self, name)}')
        if self.train + self.test + self.val == 0:
            raise ValueError('nothing to write: train, test and val are all 0')

    def splits(self) -> dict[str, int]:
        """Number of images of every split that has any."""
        return {name: getattr(self, name) for name in SPLITS if getattr(self, name)}

    def info(self, model_id: str) -> dict[str, Any]:
        """The ``info`` entry of the annotation files."""
        return {
            'name': NAME,
            'version': VERSION,
            'model_id': model_id,
            'seed': self.seed,
            'licence': LICENCE,
            'keypoint_sets': {'openpose_result': 'openpose_18', 'keypoints_3d': 'dpmesh_30'},
            'request': asdict(self),
        }


def annotation_file(folder: str | Path, split: str) -> Path:
    """Path of the annotation file of a split."""
    return Path(folder) / f'synth_oc_{split}.json'


def is_complete(folder: str | Path, request: DatasetRequest, model_id: str) -> bool:
    """Whether ``folder`` holds exactly this data set: every file of it, and nothing missing."""
    for split in request.splits():
        path = annotation_file(folder, split)
        if not path.is_file():
            return False
        content = load_json(path)
        if content.get('info') != request.info(model_id):
            return False
        for image in content['images']:
            if not (Path(folder) / IMAGE_FOLDER / image['sequence'] / image['file_name']).is_file():
                return False
    return True


def write_dataset(
    folder: str | Path,
    request: DatasetRequest,
    *,
    workers: int = 1,
    overwrite: bool = False,
    progress: Callable[[], None] | None = None,
) -> bool:
    """Write images and annotation files, unless they are there already.

    The annotation files are written after the last image, so a run that was stopped leaves a
    folder without them.

    Args:
        folder: Where to write; created where it is missing.
        request: What to write.
        workers: Number of processes. The bytes do not depend on it.
        overwrite: Write anew over any SynthOC in ``folder``, finished or not.
        progress: Called after every image.

    Returns:
        False when the folder held exactly this data set already, else True.

    Raises:
        ValueError: ``workers`` is below 1.
        FileExistsError: the folder is not empty and holds something else.
    """
    if workers < 1:
        raise ValueError(f'workers must be at least 1, got {workers}')
    folder = Path(folder)
    model_id = SMPL().model_id
    if not overwrite and is_complete(folder, request, model_id):
        return False
    _clear(folder, overwrite)
    tasks = list(_tasks(folder, request))
    contents = {
        split: {'info': request.info(model_id), 'images': [], 'annotations': [],
                'categories': CATEGORIES}
        for split in request.splits()
    }  # fmt: skip
    for task, (image, people) in zip(tasks, _run(tasks, request, workers), strict=True):
        content = contents[task.split]
        content['images'].append(image)
        for person in people:
            ids = {'id': len(content['annotations']), 'image_id': image['id']}
            content['annotations'].append(ids | person)
        if progress is not None:
            progress()
    for split, content in contents.items():
        dump_json(content, annotation_file(folder, split), indent=None)
    return True


@dataclass(frozen=True)
class _Task:
    split: str
    number: int
    sequence: str
    path: Path


def _tasks(folder: Path, request: DatasetRequest) -> Iterator[_Task]:
    """One task per image; its folder is made on the way."""
    for split, count in request.splits().items():
        for number in range(count):
            chunk, frame = divmod(number, SEQUENCE_LENGTH)
            sequence = f'synth_{split}_{chunk:03d}'
            images = folder / IMAGE_FOLDER / sequence
            if frame == 0:
                images.mkdir(parents=True, exist_ok=True)
            yield _Task(split, number, sequence, images / f'image_{frame:05d}.jpg')


def _clear(folder: Path, overwrite: bool) -> None:
    """Make room for a data set; refuse a folder with anything that is not ours to replace."""
    present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f'{folder.absolute()} is a file; give a folder')
    if not present:
        return
    files = {annotation_file(folder, split).name for split in SPLITS}
    images = folder / IMAGE_FOLDER
    foreign = [name for name in present if name not in files | {IMAGE_FOLDER}]
    if images.is_dir():
        foreign += [p.name for p in images.iterdir() if not p.name.startswith('synth_')]
    if foreign:
        raise FileExistsError(
            f'{folder.absolute()} holds other things ({", ".join(foreign[:5])}); give an empty or '
            'new folder'
        )
    if not overwrite:
        unfinished = not files & set(present)
        state = 'an unfinished run' if unfinished else 'another SynthOC or one with images missing'
        raise FileExistsError(
            f'{folder.absolute()} holds {state}; give a new folder, or --overwrite to replace it'
        )
    for name in files & set(present):
        (folder / name).unlink()
    shutil.rmtree(images, ignore_errors=True)


def _run(
    tasks: list[_Task], request: DatasetRequest, workers: int
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Results of the tasks in their order, from processes with one thread each."""
    # Forked processes need not import torch again; each then computes on one thread of its own.
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)),
        mp_context=multiprocessing.get_context('fork'),
        initializer=_start_worker,
        initargs=(request.seed, request.image_size, request.supersample),
    )
    with pool:
        yield from pool.map(_make_sample, tasks, chunksize=4)


class _Worker:
    """What a worker process keeps between samples."""

    seed: int
    generator: SceneGenerator


def _start_worker(seed: int, image_size: int, supersample: int) -> None:
    # An interrupt from the keyboard is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _Worker.seed = seed
    _Worker.generator = SceneGenerator(image_size=image_size, supersample=supersample)


def sample_rng(seed: int, split: str, number: int) -> np.random.Generator:
    """The source of randomness of one sample."""
    key = (SPLITS.index(split), number)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _make_sample(task: _Task) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw a scene, write its image, return the entries of image and people."""
    rng = sample_rng(_Worker.seed, task.split, task.number)
    scene = _Worker.generator.generate(rng)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))]
    _, data = cv2.imencode('.jpg', scene.image[..., ::-1], quality)
    task.path.write_bytes(data.tobytes())
    image = image_entry(scene, task.number, task.sequence, task.path.name)
    return image, [person_entry(truth) for truth in scene.people]
