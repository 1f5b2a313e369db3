"""Things and people put in front of the person."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import OCCLUDERS, TRANSFORMS
from dpmesh_plugin.structures import Cutout, CutoutSource, Visibility

from .keypoint_prompt import miss_keypoints
from .pasting import Placement, covered, fitted_size, hide_joints, joint_places, paste
from .randomness import new_generator
from .rectangle_occlusion import person_in_picture

# The centre of an occluder keeps about this distance to the joint it is meant for, as a share of
# the root of the area of the person's box.
SCATTER = 0.1


@TRANSFORMS.register_module()
class CutoutOcclusion(BaseTransform):
    """Cover a part of the person with an object or another person.

    The occluder lies about a joint that can be seen, drawn among those of the truth or else of the
    prompt; without any, anywhere in the person's box. Of ``tries`` placements the first is taken
    that leaves enough of these joints visible, possibly none. ``occlusion`` stays that of the
    annotation.

    Works on the whole image, before ``DetectorNoise`` and ``CropBox``, so that both see what the
    occluder does; or on the crop, after ``TopdownAffine``. The picture is either.

    Required keys: ``img`` (h, w, 3); ``bbox_xywh`` (4,) px of the image; ``prompt_keypoints``
    (30, 2) px of the picture, ``prompt_scores``, ``prompt_visible`` (30,).

    Optional keys: ``keypoints_2d`` (30, 2) px of the picture with ``keypoints_2d_valid`` (30,);
    ``visibility`` (30,); ``warp_mat`` (2, 3) in a crop.

    Modified keys: ``img``; ``visibility``: visible joints below the occluder are then hidden by an
    object or a person; the prompt: see ``miss_prob``.

    Args:
        sources: Where occluders come from: configs such as ``dict(type='RenderedObjects')``,
            ``dict(type='RenderedPeople')``, ``dict(type='CutoutFolder', path=...)``, or built
            ones. All are drawn equally often.
        prob: Probability of an occluder.
        area: Range of the area of the box around the occluder, as a share of the person's box.
        rotation: Occluders are turned by up to this many degrees.
        edge: Range of the width of the soft edge: standard deviation, px of the picture.
        keep_visible: At least so many joints stay visible.
        miss_prob: Probability that a covered keypoint of the prompt is missed. ``DetectorNoise``
            after this transform knows better, where it was fitted to causes.
        tries: Placements drawn at most.

    Raises:
        ValueError: there is no source.
    """

    def __init__(
        self,
        *,
        sources: Sequence[dict | CutoutSource],
        prob: float = 1.0,
        area: tuple[float, float] = (0.05, 0.4),
        rotation: float = 15.0,
        edge: tuple[float, float] = (0.5, 1.5),
        keep_visible: int = 4,
        miss_prob: float = 0.0,
        tries: int = 6,
    ) -> None:
        if not sources:
            raise ValueError(
                "sources is empty; give at least one, for example dict(type='RenderedObjects')"
            )
        self.sources = [OCCLUDERS.build_part(source) for source in sources]
        self.prob = prob
        self.area = area
        self.rotation = rotation
        self.edge = edge
        self.keep_visible = keep_visible
        self.miss_prob = miss_prob
        self.tries = tries

    def transform(self, results: dict) -> dict:
        """Paste one occluder, or none."""
        generator = new_generator()
        if generator.random() >= self.prob:
            return results
        source = self.sources[generator.integers(len(self.sources))]
        cutout = source[int(generator.integers(len(source)))]
        box = person_in_picture(results)
        if box[2:].min() < 1:
            return results
        joints = visible_joints(results)
        enough = min(self.keep_visible, len(joints))
        for _ in range(self.tries):
            image = results['img'].copy()
            opacity = paste(image, cutout, self.draw(generator, box, joints, cutout))
            if len(joints) - covered(opacity, joints).sum() >= enough:
                results['img'] = image
                hide_joints(results, opacity, cutout.cause)
                missed = covered(opacity, results['prompt_keypoints'])
                missed &= generator.random(len(missed)) < self.miss_prob
                miss_keypoints(results, missed)
                break
        return results

    def draw(
        self, generator: np.random.Generator, box: np.ndarray, joints: np.ndarray, cutout: Cutout
    ) -> Placement:
        """Draw a place in front of a person.

        Args:
            generator: Source of randomness.
            box: (4,) the person, px of the picture.
            joints: (N, 2) joints that can be seen, px of the picture; may be none.
            cutout: What is placed.
        """
        box_area = box[2] * box[3]
        centre = box[:2] + generator.random(2) * box[2:]
        if len(joints):
            spread = SCATTER * np.sqrt(box_area)
            centre = joints[generator.integers(len(joints))] + generator.normal(0, spread, 2)
        return Placement(
            centre=centre,
            size=fitted_size(cutout, generator.uniform(*self.area) * box_area),
            rotation=generator.uniform(-self.rotation, self.rotation),
            mirrored=bool(generator.random() < 0.5),
            edge=generator.uniform(*self.edge),
        )


def visible_joints(results: dict) -> np.ndarray:
    """Joints (N, 2) that can be seen, px of the picture: true ones, or those of the prompt."""
    keypoints, known = joint_places(results)
    limit = results['img'].shape[1::-1]
    known = known & ((keypoints >= 0) & (keypoints < limit)).all(axis=-1)
    if 'keypoints_2d' in results and 'visibility' in results:
        known &= results['visibility'] == Visibility.VISIBLE
    return keypoints[known]
