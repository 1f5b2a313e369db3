import numpy as np
import pytest

from dpmesh_plugin.rendering import Mesh, render_depth
from dpmesh_plugin.structures import Visibility, keypoint_map
from dpmesh_plugin.synthesis import SceneGenerator, sample_rng
from dpmesh_plugin.synthesis.truth import MIN_VISIBLE_JOINTS, is_visible_enough, silhouette_box


@pytest.fixture(scope='module')
def scenes(generator):
    return [generator.generate(sample_rng(3, 'test', number)) for number in range(12)]


@pytest.fixture(scope='module')
def people(scenes):
    return [(scene, truth) for scene in scenes for truth in scene.people]


def test_images(scenes):
    for scene in scenes:
        assert scene.image.shape == (128, 128, 3)
        assert scene.image.dtype == np.uint8
        assert scene.image.std() > 10


def test_same_seed_same_scene(generator, scenes):
    again = generator.generate(sample_rng(3, 'test', 1))
    np.testing.assert_array_equal(again.image, scenes[1].image)
    np.testing.assert_array_equal(again.people[0].detected, scenes[1].people[0].detected)
    assert (generator.generate(sample_rng(3, 'train', 1)).image != scenes[1].image).any()
    assert (generator.generate(sample_rng(4, 'test', 1)).image != scenes[1].image).any()


def test_everyone_annotated_can_be_seen(people):
    coco = keypoint_map('dpmesh_30', 'coco_17')
    for _, truth in people:
        assert (truth.visibility[coco] == Visibility.VISIBLE).sum() >= MIN_VISIBLE_JOINTS
        assert truth.occlusion < 1
        assert (truth.detected[:, 2] > 0).sum() >= 2


def test_the_rule_counts_visible_coco_joints():
    codes, box = np.full(30, Visibility.OCCLUDED_BY_OBJECT), np.array([10.0, 10, 50, 90])
    chosen = keypoint_map('dpmesh_30', 'coco_17')[:MIN_VISIBLE_JOINTS]
    codes[chosen] = Visibility.VISIBLE
    assert is_visible_enough(codes, box, 128)
    assert not is_visible_enough(codes, np.array([0.0, 10, 2, 90]), 128)
    codes[chosen[0]] = Visibility.SELF_OCCLUDED
    assert not is_visible_enough(codes, box, 128)


def test_silhouette_box_in_image_pixels():
    depth = np.full((64, 64), np.inf)
    depth[10:20, 4:64] = 3
    np.testing.assert_array_equal(silhouette_box(depth, 32), [1.5, 4.5, 29.5, 5])
    np.testing.assert_array_equal(silhouette_box(np.full((64, 64), np.inf), 32), 0)


def test_nobody_visible_is_never_returned(poser, monkeypatch):
    monkeypatch.setattr('dpmesh_plugin.synthesis.truth.MIN_VISIBLE_JOINTS', 18)
    monkeypatch.setattr('dpmesh_plugin.synthesis.scene.MAX_ATTEMPTS', 2)
    generator = SceneGenerator(image_size=64, supersample=1, poser=poser)
    with pytest.raises(RuntimeError, match='2 attempts'):
        generator.generate(sample_rng(0, 'test', 0))


def test_joints_project_into_the_mesh_of_the_parameters(people, poser):
    for scene, truth in people:
        person = truth.person
        vertices = poser.pose(person.body) + person.translation
        np.testing.assert_allclose(vertices, person.vertices, atol=1e-5)
        mesh = Mesh(vertices, poser.faces)
        size = (scene.image.shape[1], scene.image.shape[0])
        mask = np.isfinite(render_depth([mesh], scene.camera.intrinsics, size))
        pixels = np.rint(scene.camera.project(person.joints)).astype(int)
        inside = ((pixels >= 0) & (pixels < size)).all(axis=1)
        np.testing.assert_array_equal(inside, truth.visibility != Visibility.TRUNCATED)
        x, y = pixels[inside].T
        assert mask[y, x].mean() > 0.85
        if truth.truncation == 0:
            # Hair and clothes reach a little further than the body.
            bare = silhouette_box(np.where(mask, 1, np.inf), 128)
            np.testing.assert_allclose(truth.bbox, bare, atol=6)


def test_people_stand_on_the_floor(people):
    grounded = [(s, t) for s, t in people if t.person.family != 'air']
    for scene, truth in grounded:
        height = scene.camera.to_world(truth.person.vertices)[:, 1]
        assert height.min() == pytest.approx(-0.004, abs=1e-3)


def test_hidden_share_goes_with_the_codes(people):
    hidden = (Visibility.OCCLUDED_BY_OBJECT, Visibility.OCCLUDED_BY_PERSON)
    shares = [np.isin(truth.visibility, hidden).mean() for _, truth in people]
    occlusion = [truth.occlusion for _, truth in people]
    assert np.corrcoef(shares, occlusion)[0, 1] > 0.8


def test_detected_joints_lie_near_the_true_ones(people, poser):
    for scene, truth in people:
        joints = poser.detector_keypoints(truth.person.vertices)
        true = scene.camera.project(joints)[keypoint_map('coco_19', 'openpose_18')]
        found = truth.detected[:, 2] > 0
        distance = np.linalg.norm(truth.detected[found, :2] - true[found], axis=1)
        assert np.median(distance) < 0.1 * truth.bbox[2:].max()
