import numpy as np
import pytest
import torch

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import Cutout, Visibility


class OneCutout:
    """A source of one opaque white picture."""

    def __init__(self, cause: Visibility, width: int = 20, height: int = 30) -> None:
        self.cutout = Cutout(np.full((height, width, 4), 255, np.uint8), cause)

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Cutout:
        return self.cutout


def _person() -> dict:
    """The person stands at (10, 20) to (40, 60) of a crop of 64 px."""
    keypoints = np.stack([np.linspace(12, 38, 30), np.linspace(22, 58, 30)], axis=1)
    return {
        'img': np.full((64, 64, 3), 7, np.uint8),
        'bbox_xywh': np.array([1010, 520, 30, 40], np.float32),
        'warp_mat': np.array([[1, 0, -1000], [0, 1, -500]], np.float32),
        'prompt_keypoints': keypoints.astype(np.float32),
        'prompt_scores': np.full(30, 0.9, np.float32),
        'prompt_visible': np.ones(30, np.float32),
        'keypoints_2d': keypoints.astype(np.float32),
        'keypoints_2d_valid': np.ones(30, np.float32),
        'visibility': np.zeros(30, np.int8),
    }


def _transform(cause: Visibility = Visibility.OCCLUDED_BY_OBJECT, **options):
    options.setdefault('edge', (0.0, 0.0))
    return TRANSFORMS.build({'type': 'CutoutOcclusion', 'sources': [OneCutout(cause)], **options})


def test_built_in_sources_come_from_the_registry():
    torch.manual_seed(0)
    sources = [{'type': 'RenderedObjects', 'number': 2, 'side': 24}]
    transform = TRANSFORMS.build({'type': 'CutoutOcclusion', 'sources': sources})
    assert (transform(_person())['img'] != 7).any()


@pytest.mark.parametrize('cause', [Visibility.OCCLUDED_BY_OBJECT, Visibility.OCCLUDED_BY_PERSON])
def test_lies_on_the_person_and_names_the_cause(cause):
    torch.manual_seed(0)
    transform, painted_shares = _transform(cause, rotation=0.0), []
    for _ in range(60):
        before = _person()
        before['visibility'][3] = Visibility.SELF_OCCLUDED
        results = transform(dict(before))
        painted = results['img'][..., 0] > 130  # more white than background
        painted_shares.append(painted.sum() / 1200)
        assert painted[15:65, 5:45].any()
        hidden = results['visibility'] == cause
        column, row = np.rint(results['keypoints_2d']).astype(int).T
        np.testing.assert_array_equal(np.delete(hidden, 3), np.delete(painted[row, column], 3))
        assert results['visibility'][3] == Visibility.SELF_OCCLUDED
        assert (results['prompt_visible'] == 1).all()
        assert (before['img'] == 7).all()
    assert min(painted_shares) > 0.03
    assert max(painted_shares) < 0.45


def test_some_joints_stay_visible():
    torch.manual_seed(0)
    transform = _transform(area=(0.9, 0.9), keep_visible=10)
    left = [(transform(_person())['visibility'] == 0).sum() for _ in range(40)]
    assert min(left) >= 10
    everything = _transform(area=(4.0, 4.0), keep_visible=0)
    assert min((everything(_person())['visibility'] == 0).sum() for _ in range(40)) == 0


def test_covered_keypoints_of_the_prompt_can_be_missed():
    torch.manual_seed(0)
    transform = _transform(miss_prob=1.0)
    for _ in range(20):
        results = transform(_person())
        hidden = results['visibility'] != Visibility.VISIBLE
        np.testing.assert_array_equal(results['prompt_visible'], ~hidden)
        np.testing.assert_allclose(results['prompt_scores'], 0.9 * ~hidden)
        # A missed keypoint lies where the crop has the image's (0, 0).
        assert (results['prompt_keypoints'][hidden] == (-1000, -500)).all()


def test_without_truth_the_prompt_tells_where_joints_are():
    torch.manual_seed(0)
    person = {k: v for k, v in _person().items() if not k.startswith('keypoints')}
    person['prompt_visible'][:15] = 0
    results = _transform(area=(0.3, 0.3))(dict(person))
    assert (results['img'] != 7).any()
    hidden = results['visibility'] != Visibility.VISIBLE
    assert hidden.any()
    assert not hidden[:15].any()


def test_nobody_in_the_crop_and_no_luck():
    far = _person() | {'bbox_xywh': np.array([5000, 520, 30, 20], np.float32)}
    assert (_transform()(far)['img'] == 7).all()
    assert (_transform(prob=0.0)(_person())['img'] == 7).all()


def test_no_source():
    with pytest.raises(ValueError, match='sources is empty'):
        TRANSFORMS.build({'type': 'CutoutOcclusion', 'sources': []})
    with pytest.raises(KeyError, match='unknown source of occluders .*RenderedObjects'):
        TRANSFORMS.build({'type': 'CutoutOcclusion', 'sources': [{'type': 'Clouds'}]})
