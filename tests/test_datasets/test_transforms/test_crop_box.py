import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import CropBox

GIVEN = np.array([10.0, 20.0, 30.0, 60.0])


def _person(visible: list[int], box=GIVEN) -> dict:
    return {
        'ori_shape': (200, 100),
        'bbox_xywh': box,
        'prompt_keypoints': np.array([[50.0, 20.0], [70.0, 70.0], [90.0, 40.0]]),
        'prompt_visible': np.array(visible, float),
        'img_path': 'a.jpg',
        'sample_idx': 3,
    }


def test_box_around_keypoints():
    # 20 x 50 px, times 1.2: (48, 15, 24, 60); clipped: 23 x 59; square 59, times 1.1: 64.9
    results = CropBox().transform(_person([1, 1, 0]))
    np.testing.assert_allclose(results['crop_box'], [27.05, 12.05, 64.9, 64.9], rtol=1e-5)


@pytest.mark.parametrize('visible', [[0, 0, 0], [0, 1, 0]])
def test_without_an_area_the_given_box_is_taken(visible):
    # (10, 20, 30, 60) clipped: 29 x 59; square 59, times 1.1
    results = CropBox().transform(_person(visible))
    np.testing.assert_allclose(results['crop_box'], [-7.95, 17.05, 64.9, 64.9], rtol=1e-5)


@pytest.mark.parametrize('box', [None, np.array([10, 20, 0, 5]), np.array([300, 20, 5, 5])])
def test_without_any_box_the_person_is_named(box):
    message = 'a.jpg, annotation 3: no confident keypoint and (no box|box .*) in the image'
    with pytest.raises(ValueError, match=message):
        CropBox().transform(_person([0, 0, 0], box))


NORMALISED = np.array([[0.1, 0.02], [0.5, 0.4], [0.9, 1.0]])


@pytest.mark.parametrize(
    ('keypoints', 'visible', 'message'),
    [
        (None, [0, 1, 0], r'only 1 confident keypoint \(without a box at least 2 are needed\) and'),
        (
            NORMALISED,
            [1, 1, 1],
            r'all 3 .* within about a pixel, at \(0\.5, 0\.473\) \(are they norm',
        ),
        (NORMALISED - 900, [1, 0, 1], 'all 2 confident keypoints lie within about a pixel'),
        (NORMALISED * 50 + [200, 110], [1, 1, 1], 'none of 3 confident keypoints and'),
    ],
)
def test_what_is_wrong_with_the_keypoints_is_said(keypoints, visible, message):
    person = _person(visible, None)
    if keypoints is not None:
        person['prompt_keypoints'] = keypoints
    with pytest.raises(ValueError, match=f'a.jpg, annotation 3: {message}'):
        CropBox().transform(person)


def test_with_a_box_the_published_rule_decides_however_near_the_keypoints_are():
    person = _person([1, 1, 1])
    person['prompt_keypoints'] = NORMALISED * 1.5
    # 1.2 x 1.47 px, times 1.2: clipped to 0.44 x 0.76, square 0.76, times 1.1
    assert CropBox().transform(person)['crop_box'][2] == pytest.approx(0.84, abs=0.01)


def test_keypoints_do_not_matter_where_the_annotated_box_is_taken():
    with pytest.raises(ValueError, match='a.jpg, annotation 3: no box in the image of'):
        CropBox(source='annotation').transform(_person([1, 1, 1], None))


def test_published_training_margin_is_drawn_anew():
    transform = CropBox(source='annotation', margin=(1.0, 1.2))
    sides = np.array([transform.transform(_person([0, 0, 0]))['crop_box'][2] for _ in range(200)])
    assert 59 <= sides.min() < 60.5
    assert 69.5 < sides.max() < 70.8


def test_unknown_source_is_refused():
    with pytest.raises(ValueError, match=r"'keypoints', 'annotation'\), got 'detector'"):
        CropBox(source='detector')


def test_keypoints_of_a_part_leave_the_crop_to_the_given_box():
    # Around the keypoints (48, 15, 24, 60), of which 60 px are 0.4 of 150 px.
    large, around = np.array([0.0, 0.0, 60.0, 150.0]), [27.05, 12.05, 64.9, 64.9]
    person = _person([1, 1, 0], large)
    np.testing.assert_allclose(CropBox().transform(person)['crop_box'], around, rtol=1e-5)
    kept = CropBox(least_share=0.39).transform(person)['crop_box']
    np.testing.assert_allclose(kept, around, rtol=1e-5)
    # (0, 0, 60, 150) clipped: 59 x 99; square 99, times 1.1
    taken = CropBox(least_share=0.41).transform(person)['crop_box']
    np.testing.assert_allclose(taken, [-24.95, -4.95, 108.9, 108.9], rtol=1e-5)
    person = _person([1, 1, 0], None)
    kept = CropBox(least_share=0.41).transform(person)['crop_box']
    np.testing.assert_allclose(kept, around, rtol=1e-5)


def test_the_share_that_a_part_needs_may_be_drawn():
    transform = CropBox(least_share=(0.2, 0.6))
    person = _person([1, 1, 0], np.array([0.0, 0.0, 60.0, 150.0]))  # keypoints in 0.4 of it
    sides = [float(transform.transform(person)['crop_box'][2]) for _ in range(200)]
    assert {round(side, 1) for side in sides} == {64.9, 108.9}
    assert sides.count(min(sides)) == pytest.approx(100, abs=30)
