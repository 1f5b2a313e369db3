"""Writing SynthOC: images by worker processes, annotation files last and whole."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.utils.io import dump_json

from .annotations import CATEGORIES, image_entry, person_entry
from .dataset_folder import (
    IMAGE_FOLDER,
    SEQUENCE_PREFIX,
    SPLITS,
    DatasetRequest,
    annotation_file,
    clear_folder,
    is_complete,
)
from .scene import SceneGenerator

SEQUENCE_LENGTH = 500
JPEG_QUALITY = (82, 97)


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
        workers: Number of processes; 1 computes in this one. The bytes do not depend on it.
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
    clear_folder(folder, overwrite=overwrite)
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
            sequence = f'{SEQUENCE_PREFIX}{split}_{chunk:03d}'
            images = folder / IMAGE_FOLDER / sequence
            if frame == 0:
                images.mkdir(parents=True, exist_ok=True)
            yield _Task(split, number, sequence, images / f'image_{frame:05d}.jpg')


def _run(
    tasks: list[_Task], request: DatasetRequest, workers: int
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Results of the tasks in their order, each computed on one thread."""
    if workers == 1:
        with _one_thread():
            generator = _make_generator(request)
            yield from (_make_sample(task, request.seed, generator) for task in tasks)
        return
    # Workers fork from a clean process that has imported everything once: this one may hold
    # thread pools, which do not survive a fork.
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)),
        mp_context=context,
        initializer=_start_worker,
        initargs=(request,),
    )
    with pool:
        yield from pool.map(_make_sample_in_worker, tasks, chunksize=4)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch and OpenCV compute on one thread inside the block."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


class _Worker:
    """What a worker process keeps between samples."""

    seed: int
    generator: SceneGenerator


def _start_worker(request: DatasetRequest) -> None:
    # An interrupt from the keyboard is the parent's to handle; a killed parent takes us along.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _Worker.seed = request.seed
    _Worker.generator = _make_generator(request)


def _leave_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _make_generator(request: DatasetRequest) -> SceneGenerator:
    return SceneGenerator(image_size=request.image_size, supersample=request.supersample)


def _make_sample_in_worker(task: _Task) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return _make_sample(task, _Worker.seed, _Worker.generator)


def sample_rng(seed: int, split: str, number: int) -> np.random.Generator:
    """The source of randomness of one sample."""
    key = (SPLITS.index(split), number)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _make_sample(
    task: _Task, seed: int, generator: SceneGenerator
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw a scene, write its image, return the entries of image and people."""
    rng = sample_rng(seed, task.split, task.number)
    scene = generator.generate(rng)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))]
    _, data = cv2.imencode('.jpg', scene.image[..., ::-1], quality)
    task.path.write_bytes(data.tobytes())
    image = image_entry(scene, task.number, task.sequence, task.path.name)
    return image, [person_entry(truth) for truth in scene.people]
