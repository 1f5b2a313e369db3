"""What the index of the annotations costs: time to read it, and memory of workers that use it."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.utils.io import dump_json, load_json

# Memory of a process by kind, kB (Linux, proc(5)).
_MEMORY_FILE, _OWN_MEMORY = Path('/proc/self/smaps_rollup'), 'Private_Dirty:'


@dataclass(frozen=True)
class IndexProfile:
    """Cost of an index.

    Args:
        people: Number of entries.
        seconds: Processor time to read, check and store them.
        index_bytes: Size of what is stored.
        worker_bytes: Memory that a forked worker makes its own while it reads every entry; what it
            shares does not count. None where the system does not tell.
    """

    people: int
    seconds: float
    index_bytes: int
    worker_bytes: int | None


def profile_index(build: Callable[[], Any]) -> IndexProfile:
    """Read an index and let a worker go through it.

    Args:
        build: Makes the data set, annotations read.
    """
    start = time.process_time()
    dataset = build()
    seconds = time.process_time() - start
    size = dataset.data_bytes.nbytes + dataset.data_address.nbytes
    return IndexProfile(len(dataset), seconds, size, _worker_bytes(dataset))


def repeat_annotations(source: Path, people: int, folder: Path) -> Path:
    """Write an annotation file that repeats another one under new ids.

    Args:
        source: JSON file with ``images`` and ``annotations``, perhaps with arrays beside it.
        people: Number of annotations to write.
        folder: Where to.

    Returns:
        The new JSON file.
    """
    content = load_json(source)
    images, annotations = content['images'], content['annotations']
    rounds = -(-people // len(annotations))
    number = {image['id']: row for row, image in enumerate(images)}
    content['images'] = [
        image | {'id': turn * len(images) + number[image['id']]}
        for turn in range(rounds)
        for image in images
    ]
    repeated = [
        annotation | {'image_id': turn * len(images) + number[annotation['image_id']]}
        for turn in range(rounds)
        for annotation in annotations
    ][:people]
    content['annotations'] = [row | {'id': index} for index, row in enumerate(repeated)]
    arrays = content.get('info', {}).get('arrays')
    if arrays is not None:
        with np.load(source.parent / arrays) as file:
            rows = np.arange(people) % len(annotations)
            columns = {name: file[name][rows] for name in file.files}
        np.savez(folder / arrays, **columns | {'id': np.arange(people)})
    path = folder / 'repeated.json'
    dump_json(content, path, indent=None)
    return path


def _worker_bytes(dataset: Any) -> int | None:
    if not _MEMORY_FILE.exists():
        return None
    context = multiprocessing.get_context('fork')
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=_read_everything, args=(dataset, sender))
    worker.start()
    grown = receiver.recv()
    worker.join()
    return grown


def _read_everything(dataset: Any, sender: Any) -> None:
    before = _own_memory()
    for index in range(len(dataset)):
        dataset.get_data_info(index)
    sender.send(_own_memory() - before)


def _own_memory() -> int:
    lines = _MEMORY_FILE.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN_MEMORY))
