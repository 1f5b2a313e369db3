"""What may be wrong with the data on a disk, in words that say what to do."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dpmesh_plugin.body_models import SMPL, check_annotated_body
from dpmesh_plugin.geometry.boxes import keypoint_box

from .base_mesh_dataset import BaseMeshDataset
from .fit_agreement import annotated_points, fit_error_mm, fit_offset, fitted_joints
from .transforms.loading import read_image

# A fit is suspicious where its joints are farther from the annotated ones than this. The published
# training trusts fits below 25 mm; two regressors of one body differ by up to 60 mm.
MAX_FIT_ERROR_MM = 100.0
# And where they are projected farther from the keypoints than this share of the box diagonal.
MAX_FIT_OFFSET = 0.15
_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """Something that is wrong.

    Args:
        what: What was found, with counts and the first ids or paths.
        mend: What to do about it.
    """

    what: str
    mend: str


@dataclass
class Diagnosis:
    """The result for one data set.

    Args:
        title: Data set and annotation file.
        facts: Counts and measurements by name.
        problems: What is wrong.
    """

    title: str
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, found: Sequence, what: str, mend: str) -> None:
        """Note a problem if ``found`` is not empty."""
        if found:
            shown = '; '.join(map(str, found[:_SHOWN])) + ('; ...' * (len(found) > _SHOWN))
            self.problems.append(Problem(f'{len(found)} {what}: {shown}', mend))


def examine(
    dataset: BaseMeshDataset, *, body_model: SMPL | None = None, sample: int = 0, workers: int = 1
) -> Diagnosis:
    """Look at annotations, images and fits of a data set.

    Args:
        dataset: May be built with ``lazy_init``; what it raises becomes a problem.
        body_model: For the comparison of fits and joints; without, that is left out.
        sample: How many people to look at closely, evenly spread; 0 for all.
        workers: Threads that read images.
    """
    diagnosis = Diagnosis(f'{type(dataset).__name__} {dataset.ann_file}')
    try:
        dataset.full_init()
    except (FileNotFoundError, KeyError, ValueError) as error:
        diagnosis.problems.append(Problem(str(error.args[0]), 'see the message and docs/data.md'))
        if not dataset._fully_initialized:
            return diagnosis
    step = max(1, len(dataset) // sample) if sample else 1
    people = [dataset.get_data_info(index) for index in range(0, len(dataset), step)]
    diagnosis.facts['people'] = str(len(dataset))
    diagnosis.facts['looked at'] = str(len(people))
    for reason, ids in dataset.dropped.items():
        diagnosis.add(ids, f'people left out ({reason})', 'none, if the publisher has them so')
    _check_images(diagnosis, people, workers)
    _check_boxes(diagnosis, people)
    _check_fits(diagnosis, people, body_model)
    diagnosis.facts['manifest'] = manifest_hash(dataset, people)
    return diagnosis


def manifest_hash(dataset: BaseMeshDataset, people: Sequence[dict]) -> str:
    """SHA-256 of annotation file, its arrays, and names and sizes in bytes of the images."""
    digest = hashlib.sha256()
    annotations = Path(dataset.ann_file)
    for path in (annotations, annotations.with_suffix('.npz')):
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    folder = Path(dataset.data_prefix['img_path'])
    for path in sorted({person['img_path'] for person in people}):
        size = Path(path).stat().st_size if Path(path).is_file() else -1
        digest.update(f'{Path(path).relative_to(folder).as_posix()} {size}\n'.encode())
    return digest.hexdigest()


def _check_images(diagnosis: Diagnosis, people: Sequence[dict], workers: int) -> None:
    annotated = {person['img_path']: tuple(person['ori_shape']) for person in people}
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(_image_fault, annotated.items()))
    diagnosis.facts['images'] = str(len(annotated))
    for kind, what, mend in (
        ('missing', 'images are missing', 'unpack the images again, or set data_prefix.img_path'),
        ('corrupt', 'images are corrupt', 'download or copy them again'),
        (
            'size',
            'images have another size than annotated',
            'use the images and annotations of one version, or convert again',
        ),
    ):
        diagnosis.add([text for fault, text in results if fault == kind], what, mend)


def _image_fault(item: tuple[str, tuple[int, int]]) -> tuple[str, str]:
    path, annotated = item
    try:
        image = read_image(path)
    except FileNotFoundError:
        return 'missing', path
    except ValueError as error:
        return 'corrupt', str(error)
    size = (image.shape[1], image.shape[0])
    if size != annotated:
        return 'size', f'{path} is {size}, annotated {annotated}'
    return '', ''


def _check_boxes(diagnosis: Diagnosis, people: Sequence[dict]) -> None:
    far = []
    for person in people:
        points, seen = annotated_points(person)
        if not seen.any():
            continue
        x, y, width, height = person['bbox_xywh']
        centre = keypoint_box(points, seen)
        centre = centre[:2] + centre[2:] / 2
        if not (x <= centre[0] <= x + width and y <= centre[1] <= y + height):
            far.append(person['sample_idx'])
    diagnosis.add(
        far,
        'boxes do not hold the middle of their keypoints; annotations',
        'is bbox (x, y, w, h), and are the keypoints in pixels of the same image?',
    )


def _check_fits(diagnosis: Diagnosis, people: Sequence[dict], body_model: SMPL | None) -> None:
    fitted = [person for person in people if 'smpl' in person]
    diagnosis.facts['people with a body'] = str(len(fitted))
    if not fitted:
        return
    if body_model is None:
        diagnosis.facts['fits'] = 'not compared: the config has no body model that could be read'
        return
    try:
        check_annotated_body(fitted[0]['body_model_id'], body_model.model_id, diagnosis.title)
    except ValueError as error:
        diagnosis.problems.append(Problem(str(error), 'set body_model.path'))
        return
    errors, offsets = [], []
    for person, joints in fitted_joints(fitted, body_model):
        error, offset = fit_error_mm(person, joints), fit_offset(person, joints)
        errors += [(error, person['sample_idx'])] if error is not None else []
        offsets += [(offset, person['sample_idx'])] if offset is not None else []
    if errors:
        _judge_errors(diagnosis, errors)
    if offsets:
        _judge_offsets(diagnosis, offsets, detected='annotated_keypoints' not in fitted[0])


def _judge_errors(diagnosis: Diagnosis, errors: Sequence[tuple[float, int]]) -> None:
    values = [error for error, _ in errors]
    median, most = np.percentile(values, (50, 95))
    diagnosis.facts['joints to body'] = f'median {median:.1f} mm, 95 % below {most:.1f} mm'
    diagnosis.add(
        [f'{id_} ({error:.0f} mm)' for error, id_ in errors if error > MAX_FIT_ERROR_MM],
        'bodies disagree with their joints in space; annotations',
        'if nearly all: wrong body model, unit or camera axes; if few: bad fits, set their '
        'smpl_valid to 0',
    )


def _judge_offsets(
    diagnosis: Diagnosis, offsets: Sequence[tuple[float, int]], *, detected: bool
) -> None:
    median = np.median([offset for offset, _ in offsets])
    diagnosis.facts['projected body to keypoints'] = (
        f'median {100 * median:.1f} % of the box diagonal'
    )
    # A detector errs now and then, an annotator should not.
    if not detected or median > MAX_FIT_OFFSET:
        diagnosis.add(
            [f'{id_} ({100 * offset:.0f} %)' for offset, id_ in offsets if offset > MAX_FIT_OFFSET],
            'bodies are projected far from their keypoints; annotations',
            'if nearly all: wrong camera or translation; if few: bad fits, set their smpl_valid '
            'to 0',
        )
