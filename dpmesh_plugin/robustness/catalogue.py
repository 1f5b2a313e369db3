"""The stresses of a test, by name."""

from collections.abc import Sequence
from typing import Any

from dpmesh_plugin.registry import OCCLUDERS

from .stresses import (
    Occluder,
    Stress,
    cut_keypoints,
    drop_keypoints,
    fade_image,
    jitter_keypoints,
    swap_person,
    swap_sides,
    truncate,
)

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def all_stresses(
    *,
    covered_keypoints: str = 'missed',
    objects: dict[str, Any] | None = None,
    people: dict[str, Any] | None = None,
) -> dict[str, Stress]:
    """Every stress by name.

    Args:
        covered_keypoints: See :class:`Occluder`.
        objects: Source of objects; rendered ones by default.
        people: Source of people; rendered ones by default.

    Raises:
        ValueError: ``covered_keypoints`` is none of the two.
    """
    if covered_keypoints not in ('missed', 'kept'):
        raise ValueError(f"covered_keypoints must be 'missed' or 'kept', got {covered_keypoints!r}")
    sources = {
        'rectangle': None,
        'object': OCCLUDERS.build(objects or {'type': 'RenderedObjects'}),
        'person': OCCLUDERS.build(people or {'type': 'RenderedPeople'}),
    }
    sizes = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7)
    area = "area of the occluder over that of the person's box"
    stresses = [
        Stress(f'occluder_{name}', area, sizes, Occluder(source, covered_keypoints))
        for name, source in sources.items()
    ]
    stresses += [
        Stress(
            'keypoint_cut',
            'share of the keypoints that are missed, from below',
            (0.0, 0.2, 0.4, 0.6, 0.8),
            cut_keypoints,
        ),
        Stress('keypoint_drop', 'share of the keypoints that are missed', SHARES, drop_keypoints),
        Stress(
            'keypoint_jitter',
            'deviation of the keypoints per axis, in sizes of the person',
            (0.0, 0.02, 0.04, 0.07, 0.1, 0.15),
            jitter_keypoints,
        ),
        Stress('side_swap', 'share of the pairs with left and right swapped', SHARES, swap_sides),
        Stress(
            'person_swap', 'share of the keypoints that are of another person', SHARES, swap_person
        ),
        Stress('image_fade', 'share of grey in the image', (0.0, 0.25, 0.5, 0.75, 1.0), fade_image),
        Stress(
            'truncation',
            'share of the box beyond the border of the image',
            (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
            truncate,
        ),
    ]
    return {stress.name: stress for stress in stresses}


def chosen_stresses(known: dict[str, Stress], names: Sequence[str]) -> list[Stress]:
    """Stresses by name.

    Raises:
        KeyError: unknown name; the message lists the names.
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        raise KeyError(f'unknown sweep {unknown[0]!r}; known: {", ".join(known)}')
    return [known[name] for name in names]


def prepare_occluders(stresses: Sequence[Stress]) -> None:
    """Render or read all occluders now, so that workers started later share them."""
    for stress in stresses:
        source = getattr(stress.apply, 'source', None)
        for index in range(0 if source is None else len(source)):
            source[index]
