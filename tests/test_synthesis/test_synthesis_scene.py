import numpy as np
import pytest

from dpmesh_plugin.structures import Visibility, keypoint_map
from dpmesh_plugin.synthesis import SceneGenerator, sample_rng
from dpmesh_plugin.synthesis.truth import MIN_VISIBLE_JOINTS


@pytest.fixture(scope='module')
def generator() -> SceneGenerator:
    return SceneGenerator(image_size=128, supersample=1)


@pytest.fixture(scope='module')
def scenes(generator):
    return [generator.generate(sample_rng(3, 'test', number)) for number in range(6)]


def test_image_and_people(scenes):
    for scene in scenes:
        assert scene.image.shape == (128, 128, 3)
        assert scene.image.dtype == np.uint8
        assert len(scene.people) >= 1


def test_same_seed_same_scene(generator, scenes):
    again = generator.generate(sample_rng(3, 'test', 1))
    other = generator.generate(sample_rng(3, 'train', 1))
    np.testing.assert_array_equal(again.image, scenes[1].image)
    assert (other.image != scenes[1].image).any()


def test_everyone_has_visible_joints(scenes):
    coco = keypoint_map('dpmesh_30', 'coco_17')
    for scene in scenes:
        for truth in scene.people:
            visible = truth.visibility[coco] == Visibility.VISIBLE
            assert visible.sum() >= MIN_VISIBLE_JOINTS
