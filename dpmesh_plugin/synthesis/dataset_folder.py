"""What a SynthOC folder should hold, and whether it does."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.io import load_json
from dpmesh_plugin.version import __version__

NAME, VERSION, LICENCE = 'SynthOC', 1, 'CC0-1.0'
SPLITS = ('train', 'test', 'val')
MIN_IMAGE_SIZE = 64
IMAGE_FOLDER = 'imageFiles'
SEQUENCE_PREFIX = 'synth_'


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
            'generator': f'dpmesh_plugin {__version__}',
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


def clear_folder(folder: Path, *, overwrite: bool) -> None:
    """Make room for a data set.

    Args:
        folder: Where it shall be written.
        overwrite: Remove another SynthOC, finished or not.

    Raises:
        FileExistsError: the folder holds a SynthOC and ``overwrite`` is off, or other things, which
            are never removed.
    """
    present = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f'{folder.absolute()} is a file; give a folder')
    if not present:
        return
    files = {annotation_file(folder, split).name for split in SPLITS}
    images = folder / IMAGE_FOLDER
    # A killed run may leave the hidden beginnings of an annotation file.
    remains = [name for name in present if name.startswith('.synth_oc_')]
    foreign = [name for name in present if name not in {*files, *remains, IMAGE_FOLDER}]
    if images.is_dir():
        foreign += [p.name for p in images.iterdir() if not p.name.startswith(SEQUENCE_PREFIX)]
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
    for name in [*(files & set(present)), *remains]:
        (folder / name).unlink()
    shutil.rmtree(images, ignore_errors=True)
