import copy

import numpy as np
import pytest

from dpmesh_plugin.robustness import StressTransform, all_stresses, chosen_stresses
from dpmesh_plugin.robustness.stresses import Occluder
from dpmesh_plugin.structures import Cutout, Visibility, get_keypoint_set

JOINTS = get_keypoint_set('dpmesh_30')


@pytest.fixture(scope='module')
def stresses():
    small = {'number': 4, 'side': 32}
    return all_stresses(
        objects={'type': 'RenderedObjects', **small}, people={'type': 'RenderedPeople', **small}
    )


def _apply(stress, severity: float, person: dict, seed: int = 0) -> dict:
    return StressTransform(stress, severity, seed)(copy.deepcopy(person))


def test_nothing_at_severity_zero_and_more_of_the_same_after_it(stresses, person):
    for stress in stresses.values():
        assert stress.severities[0] == 0
        assert list(stress.severities) == sorted(set(stress.severities))
        untouched = _apply(stress, 0.0, person)
        for name, value in person.items():
            np.testing.assert_array_equal(untouched[name], value)
        first, again = (_apply(stress, stress.severities[2], person) for _ in range(2))
        for name, value in first.items():
            np.testing.assert_array_equal(again[name], value)
        assert any(np.any(first[name] != person[name]) for name in person), stress.name
    small, large = (
        _apply(stresses['keypoint_drop'], share, person)['prompt_visible'] for share in (0.2, 0.6)
    )
    assert (small.sum(), large.sum()) == (24, 12)
    assert (large <= small).all()


def test_samples_and_seeds_differ(stresses, person):
    drop = stresses['keypoint_drop']
    one = _apply(drop, 0.5, person)['prompt_visible']
    other = _apply(drop, 0.5, person | {'sample_idx': 4})['prompt_visible']
    third = _apply(drop, 0.5, person, seed=1)['prompt_visible']
    assert (one != other).any()
    assert (one != third).any()


@pytest.mark.parametrize(
    ('name', 'cause'),
    [
        ('occluder_rectangle', Visibility.OCCLUDED_BY_OBJECT),
        ('occluder_object', Visibility.OCCLUDED_BY_OBJECT),
        ('occluder_person', Visibility.OCCLUDED_BY_PERSON),
    ],
)
def test_occluders(stresses, person, name, cause):
    results = _apply(stresses[name], 0.5, person)
    painted = (results['img'] != 7).any(axis=-1)
    assert 0.05 * 20000 < painted.sum() < 0.75 * 20000
    hidden = results['visibility'] == cause
    assert hidden.any()
    np.testing.assert_array_equal(results['prompt_visible'], ~hidden)
    np.testing.assert_array_equal(results['prompt_keypoints'][hidden], 0)
    np.testing.assert_array_equal(results['prompt_scores'][hidden], 0)


def test_the_rectangle_has_the_asked_area(stresses, person):
    for severity in (0.1, 0.5):
        painted = (_apply(stresses['occluder_rectangle'], severity, person)['img'] != 7).any(-1)
        assert painted.sum() == pytest.approx(severity * 20000, rel=0.05)


def test_covered_keypoints_may_be_kept(person):
    class White:
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Cutout:
            return Cutout(np.full((8, 8, 4), 255, np.uint8), Visibility.OCCLUDED_BY_OBJECT)

    results = copy.deepcopy(person)
    Occluder(White(), 'kept')(results, 0.9, np.random.default_rng(0))
    assert (results['visibility'] != 0).any()
    np.testing.assert_array_equal(results['prompt_visible'], 1)
    with pytest.raises(ValueError, match="must be 'missed' or 'kept', got 'lost'"):
        all_stresses(covered_keypoints='lost')


def test_a_cut_takes_the_lowest_keypoints(stresses, person):
    heights = person['prompt_keypoints'][:, 1]
    person['prompt_visible'][heights.argmax()] = 0
    kept = _apply(stresses['keypoint_cut'], 0.6, person)['prompt_visible'] > 0
    missed = (person['prompt_visible'] > 0) & ~kept
    assert missed.sum() == round(0.6 * 29)
    assert heights[kept].max() <= heights[missed].min()


def test_jitter_is_in_sizes_of_the_person(stresses, person):
    person['prompt_visible'][5] = 0
    moved = _apply(stresses['keypoint_jitter'], 0.1, person)['prompt_keypoints']
    offsets = moved - person['prompt_keypoints']
    assert offsets[5].tolist() == [0, 0]
    assert np.delete(offsets, 5, 0).std() == pytest.approx(14.14, rel=0.3)
    half = _apply(stresses['keypoint_jitter'], 0.05, person)['prompt_keypoints']
    np.testing.assert_allclose(2 * (half - person['prompt_keypoints']), offsets, atol=1e-3)


def test_all_sides_swapped(stresses, person):
    person['prompt_visible'][JOINTS.index('left_wrist')] = 0
    results = _apply(stresses['side_swap'], 1.0, person)
    order = JOINTS.flip_indices
    for name in ('prompt_keypoints', 'prompt_visible'):
        np.testing.assert_array_equal(results[name], person[name][order])
    some = _apply(stresses['side_swap'], 0.2, person)['prompt_keypoints']
    pairs = (some != person['prompt_keypoints']).any(axis=1).sum()
    assert pairs == 2 * round(0.2 * (order != np.arange(30)).sum() / 2)


def test_swapped_with_the_nearest_person(stresses, person):
    alone = _apply(stresses['person_swap'], 1.0, person)['prompt_keypoints']
    shift = alone - person['prompt_keypoints']
    np.testing.assert_allclose(np.abs(shift), np.tile([50, 0], (30, 1)), atol=1e-4)
    neighbours = np.zeros((2, 17, 3), np.float32)
    neighbours[1, 0] = (333, 222, 1)
    person |= {
        'neighbours': neighbours,
        'neighbour_boxes': np.array([[900, 0, 10, 10], [130, 110, 100, 200]], np.float32),
    }
    swapped = _apply(stresses['person_swap'], 1.0, person)['prompt_keypoints']
    nose = JOINTS.index('nose')
    np.testing.assert_allclose(swapped[nose], (333, 222))
    rest = np.delete(swapped - person['prompt_keypoints'], nose, axis=0)
    np.testing.assert_allclose(rest, np.tile([30, 10], (29, 1)), atol=1e-4)


def test_faded_images_end_in_grey_and_leave_the_keypoints(stresses, person):
    person['img'][:100] = 255
    half = _apply(stresses['image_fade'], 0.5, person)
    assert half['img'][0, 0].tolist() == [191] * 3
    assert half['img'][150, 150].tolist() == [67] * 3
    nothing = _apply(stresses['image_fade'], 1.0, person)
    assert (nothing['img'] == 127).all()
    np.testing.assert_array_equal(nothing['prompt_keypoints'], person['prompt_keypoints'])


def test_truncation_cuts_one_end_of_the_box(stresses, person):
    boxes = set()
    for sample in range(40):
        person['sample_idx'] = sample
        results = _apply(stresses['truncation'], 0.25, person)
        box = tuple(results['bbox_xywh'].tolist())
        boxes.add(box)
        low, high = np.array(box[:2]), np.array(box[:2]) + box[2:]
        inside = ((person['keypoints_2d'] >= low) & (person['keypoints_2d'] < high)).all(axis=1)
        np.testing.assert_array_equal(results['prompt_visible'], inside)
        np.testing.assert_array_equal(results['visibility'] == Visibility.TRUNCATED, ~inside)
        assert (results['img'][150:250, 125:175] == 7).all()
        assert (results['img'] == 0).any()
    assert boxes == {
        (125, 100, 75, 200), (100, 100, 75, 200), (100, 150, 100, 150), (100, 100, 100, 150)
    }  # fmt: skip


def test_unknown_names_list_the_known_ones(stresses):
    assert [s.name for s in chosen_stresses(stresses, ['side_swap'])] == ['side_swap']
    with pytest.raises(KeyError, match="unknown sweep 'rain'; known: occluder_rectangle, "):
        chosen_stresses(stresses, ['rain'])
