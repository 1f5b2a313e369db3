"""Ways to make a sample harder, in degrees.

Each acts on the whole image and the prompt in its pixels, before the crop is chosen, as it would in
use: what covers or cuts the person also moves the crop. The same draw at another severity is more
of the same: the larger one covers, drops, moves or swaps all that the smaller one does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import cv2
import numpy as np

from dpmesh_plugin.datasets.transforms.keypoint_prompt import miss_keypoints
from dpmesh_plugin.datasets.transforms.pasting import (
    Placement,
    covered,
    fitted_size,
    hide_joints,
    paste,
)
from dpmesh_plugin.structures import (
    Cutout,
    CutoutSource,
    Visibility,
    get_keypoint_set,
    map_keypoints,
)

Apply = Callable[[dict, float, np.random.Generator], None]
ASPECTS = (0.5, 2.0)  # of a rectangle, height divided by width, as in the published occluder
GREY = 127
ROTATION = 15.0  # degrees by which other occluders lean at most


@dataclass(frozen=True)
class Stress:
    """One way.

    Args:
        name: What it is called.
        meaning: What the severity is: the label of its axis.
        severities: In ascending order; 0 changes nothing.
        apply: Changes a sample, in place.
    """

    name: str
    meaning: str
    severities: tuple[float, ...]
    apply: Apply


@dataclass(frozen=True)
class StressTransform:
    """A stress of one severity as a step of a pipeline.

    Args:
        stress: The stress.
        severity: How much.
        seed: With the name of the stress and the id of the sample it says what is drawn.
    """

    stress: Stress
    severity: float
    seed: int

    def __call__(self, results: dict) -> dict:
        """Change one sample."""
        if self.severity == 0:
            return results
        key = crc32(f'{self.stress.name}/{results["sample_idx"]}'.encode())
        self.stress.apply(results, self.severity, np.random.default_rng((self.seed, key)))
        return results


class Occluder:
    """Something in front of a joint that can be seen.

    Args:
        source: Where it comes from; None for a rectangle of noise.
        covered_keypoints: ``'missed'``: the detector misses what is covered; ``'kept'``: it says
            what it said.
    """

    def __init__(self, source: CutoutSource | None, covered_keypoints: str = 'missed') -> None:
        self.source = source
        self.covered_keypoints = covered_keypoints

    def __call__(self, results: dict, severity: float, generator: np.random.Generator) -> None:
        """Cover a person; severity: area of the occluder's box over that of the person's."""
        aspect = generator.uniform(*ASPECTS)
        centre = _aim(results, generator)
        lean, mirrored = generator.uniform(-ROTATION, ROTATION), bool(generator.random() < 0.5)
        area = severity * float(results['bbox_xywh'][2:].prod())
        if self.source is None:
            size = max(round(np.sqrt(area / aspect)), 1), max(round(np.sqrt(area * aspect)), 1)
            noise = generator.integers(0, 256, (size[1], size[0], 4), np.uint8)
            noise[..., 3] = 255
            cutout = Cutout(noise, Visibility.OCCLUDED_BY_OBJECT)
            placement = Placement(centre, size, edge=0)
        else:
            cutout = self.source[int(generator.integers(len(self.source)))]
            placement = Placement(centre, fitted_size(cutout, area), lean, mirrored)
        opacity = paste(results['img'], cutout, placement)
        hide_joints(results, opacity, cutout.cause)
        if self.covered_keypoints == 'missed':
            miss_keypoints(results, covered(opacity, results['prompt_keypoints']))


def drop_keypoints(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Miss a share of the keypoints that were found."""
    order = generator.permutation(len(results['prompt_visible']))
    found = order[results['prompt_visible'][order] > 0]
    missed = np.zeros(len(order), bool)
    missed[found[: round(severity * len(found))]] = True
    miss_keypoints(results, missed)


def cut_keypoints(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Miss the lowest of the keypoints that were found, as in a portrait; severity: their share."""
    found = np.flatnonzero(results['prompt_visible'] > 0)
    lowest = found[np.argsort(-results['prompt_keypoints'][found, 1], kind='stable')]
    missed = np.zeros(len(results['prompt_visible']), bool)
    missed[lowest[: round(severity * len(found))]] = True
    miss_keypoints(results, missed)


def jitter_keypoints(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Move keypoints by normal noise; severity: its deviation in sizes of the person."""
    size = np.sqrt(results['bbox_xywh'][2:].prod())
    noise = generator.standard_normal(results['prompt_keypoints'].shape) * severity * size
    moved = results['prompt_keypoints'] + noise * results['prompt_visible'][:, None]
    results['prompt_keypoints'] = moved.astype(np.float32)


def swap_sides(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Exchange left and right of a share of the paired keypoints."""
    mirror = get_keypoint_set(results['prompt_set']).flip_indices
    left = np.flatnonzero(mirror > np.arange(len(mirror)))
    chosen = generator.permutation(left)[: round(severity * len(left))]
    order = np.arange(len(mirror))
    order[chosen], order[mirror[chosen]] = mirror[chosen], chosen
    for name in ('prompt_keypoints', 'prompt_scores', 'prompt_visible', 'prompt_known'):
        results[name] = results[name][order]


def swap_person(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Take a share of the found keypoints from another person.

    That is the nearest one in the picture. What is not known of this person, and all where nobody
    else is annotated, is the own body moved aside: by the distance of the boxes, or by half a box.
    """
    keypoints, box = results['prompt_keypoints'], results['bbox_xywh']
    order = generator.permutation(len(keypoints))
    side = generator.choice([-1, 1])
    others = keypoints + np.array([side * box[2] / 2, 0])
    boxes = results.get('neighbour_boxes', np.zeros((0, 4)))
    if len(boxes):
        shifts = (boxes[:, :2] + boxes[:, 2:] / 2) - (box[:2] + box[2:] / 2)
        nearest = np.linalg.norm(shifts, axis=1).argmin()
        joints = map_keypoints(results['neighbours'][nearest], 'coco_17', results['prompt_set'])
        others = np.where(joints[:, 2:] > 0, joints[:, :2], keypoints + shifts[nearest])
    found = order[results['prompt_visible'][order] > 0]
    taken = found[: round(severity * len(found))]
    swapped = keypoints.copy()
    swapped[taken] = others[taken]
    results['prompt_keypoints'] = swapped


def fade_image(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Mix the image with grey; at 1 nothing is left of it, and only keypoints tell of the person.

    What a model loses there is what it takes from images.
    """
    grey = np.full_like(results['img'], GREY)
    results['img'] = cv2.addWeighted(results['img'], 1 - severity, grey, severity, 0)


def truncate(results: dict, severity: float, generator: np.random.Generator) -> None:
    """Move a border of the image into the person; severity: share of the box that is lost."""
    axis, far = divmod(int(generator.integers(4)), 2)  # x or y; the lower or the upper end
    box, image = results['bbox_xywh'].astype(np.float32), results['img']
    lost = severity * box[axis + 2]
    border = box[axis] + (box[axis + 2] - lost if far else lost)

    def outside(places: np.ndarray) -> np.ndarray:
        return places >= border if far else places < border

    black = outside(np.arange(image.shape[1 - axis]))
    image[(slice(None), black) if axis == 0 else black] = 0
    miss_keypoints(results, outside(results['prompt_keypoints'][:, axis]))
    if 'visibility' in results:
        gone = outside(results['keypoints_2d'][:, axis])
        results['visibility'] = np.where(gone, Visibility.TRUNCATED, results['visibility'])
    box[axis + 2] -= lost
    box[axis] += 0 if far else lost
    results['bbox_xywh'] = box


def _aim(results: dict, generator: np.random.Generator) -> np.ndarray:
    """A true joint (2,) that can be seen, or any place in the box where there is none."""
    box = results['bbox_xywh']
    anywhere = box[:2] + generator.random(2) * box[2:]
    joints = results['keypoints_2d']
    seen = results['keypoints_2d_valid'] > 0
    if 'visibility' in results:
        seen &= results['visibility'] == Visibility.VISIBLE
    seen &= ((joints >= 0) & (joints < results['ori_shape'])).all(axis=-1)
    order = generator.permutation(len(joints))
    chosen = order[seen[order]]
    return joints[chosen[0]] if len(chosen) else anywhere
