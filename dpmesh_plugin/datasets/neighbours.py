"""The other people of a picture, whom a pose estimator may mix up with one."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from dpmesh_plugin.structures import map_keypoints

SET = 'coco_17'


def add_neighbours(people: Sequence[dict]) -> None:
    """Give every person the keypoints and boxes of the others in the picture (in place).

    Args:
        people: Dicts with ``img_id``, ``keypoints`` (K, 2) px, ``keypoint_scores`` (K,),
            ``keypoint_set``, ``bbox_xywh`` (4,). They gain ``neighbours`` (M, 17, 3): x, y, score
            of ``coco_17``, and ``neighbour_boxes`` (M, 4), px of the image.
    """
    by_image: dict = defaultdict(list)
    for person in people:
        by_image[person['img_id']].append(person)
    for group in by_image.values():
        joints = np.stack([_coco_joints(person) for person in group])
        boxes = np.stack([person['bbox_xywh'] for person in group])
        for index, person in enumerate(group):
            person['neighbours'] = np.delete(joints, index, axis=0)
            person['neighbour_boxes'] = np.delete(boxes, index, axis=0)


def _coco_joints(person: dict) -> np.ndarray:
    joints = np.concatenate([person['keypoints'], person['keypoint_scores'][:, None]], axis=1)
    return map_keypoints(joints, person['keypoint_set'], SET)
