import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.apis import load_meshes
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.structures import get_keypoint_set

COCO = get_keypoint_set('coco_17').names


@pytest.fixture(autouse=True)
def _project(web_demo):
    """The project is importable."""


@pytest.fixture(scope='module')
def template():
    from web_demo.figure import standing_figure

    return standing_figure()


@pytest.fixture
def scene(template):
    """A grey photograph with one person, whose left wrist the detector did not find."""
    from web_demo.scene import Scene, figures_of

    joints = standing_joints(90)
    joints[COCO.index('left_wrist'), 2] = 0
    person = Person(7, joints[:, :2], joints[:, 2], 'coco_17', None)
    image = np.full((120, 180, 3), 128, np.uint8)
    return Scene('photo', image, figures_of([person], template))


@pytest.fixture(scope='module')
def model(web_demo, web_demo_checkpoint):
    from web_demo.demo_model import DemoModel

    config, checkpoint = web_demo_checkpoint
    return DemoModel(config=config, checkpoint=checkpoint, device='cpu')


def standing_joints(x):
    """COCO joints (17, 3) with scores of someone who stands at ``x`` and faces the camera."""
    heights = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
    offsets = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
    columns = [x + np.array(offsets), np.array(heights), np.ones(17)]
    return np.stack(columns, axis=1).astype(np.float32)


def test_a_figure_stands_upright_and_faces_the_camera(template):
    names = get_keypoint_set('dpmesh_30').names
    height = {name: template[names.index(name), 1] for name in names}
    assert height['head_top'] < height['neck'] < height['pelvis'] < height['left_ankle']
    left, right = (template[names.index(f'{side}_wrist'), 0] for side in ('left', 'right'))
    assert left > 0.1 > -0.1 > right
    assert np.ptp(template[:, 1]) == pytest.approx(1)


def test_absent_joints_are_hidden_and_lie_near_their_person(scene):
    (figure,) = scene.people
    wrist = figure.joints['left_wrist']
    assert not wrist.shown
    np.testing.assert_allclose([wrist.x, wrist.y], [103, 62], atol=15)
    person = figure.to_person()
    assert person.scores[COCO.index('left_wrist')] == 0
    assert np.count_nonzero(person.scores) == 16
    np.testing.assert_allclose(person.keypoints[0], [90, 20])


def test_someone_seen_from_behind_is_mirrored(template):
    from web_demo.figure import place_absent

    joints = standing_joints(0)
    joints[:, 0] *= -1
    present = np.ones(17, bool)
    present[COCO.index('left_wrist')] = False
    places, _ = place_absent(joints[:, :2], present, 'coco_17', template)
    assert places[COCO.index('left_wrist'), 0] < -5


def test_the_page_gets_the_scene_and_sends_people_back(scene, template):
    from web_demo.scene import read_figures

    content = json.loads(scene.for_page(template))
    assert (content['width'], content['height']) == (180, 120)
    assert content['image'].startswith('data:image/jpeg;base64,')
    assert ['left_elbow', 'left_wrist'] in content['sets']['coco_17']
    assert set(content['newcomer']['joints']) == set(COCO)
    assert read_figures(content['people']) == scene.people
    (person,) = content['people']
    person['joints']['left_wrist'] = [104.5, 60.0, 1.0, True]
    (figure,) = read_figures([person])
    assert figure.to_person().scores.all()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'set': 'mine'}, 'mine'),
        ({'joints': {'tail': [1, 2, 1, True]}}, "coco_17 has no joint 'tail'"),
        ({'joints': {'nose': [float('nan'), 2, 1, True]}}, 'nose at nan'),
        ({'joints': {'nose': [1, 2]}}, 'not enough values'),
        ({'joints': None}, 'cannot be read'),
    ],
)
def test_strange_people_are_refused(change, message):
    from web_demo.scene import read_figures

    with pytest.raises(ValueError, match=message):
        read_figures([{'id': 1, 'set': 'coco_17', 'joints': {}} | change])
    with pytest.raises(ValueError, match='at most 50 people, got 51'):
        read_figures([{'id': 1, 'set': 'coco_17', 'joints': {}}] * 51)


def test_people_become_meshes_and_files(model, scene, tmp_path):
    from web_demo.demo_model import file_formats
    from web_demo.viewer_file import write_viewer_file

    answer = model.answer(scene)
    assert answer.problems == ()
    assert answer.overlay.shape == (120, 180, 3)
    assert set(file_formats()) == {'npz', *EXPORTERS.module_dict}
    files = model.write(answer, ['npz', 'glb', 'bvh', 'json', 'obj'], tmp_path)
    assert [path.name for path in files] == [
        'photo.npz',
        'photo_overlay.png',
        'photo.glb',
        'photo_person1.bvh',
        'photo_persons.json',
        'photo_person1.obj',
    ]
    meshes = load_meshes(files[0])
    hidden = meshes.joint_names.tolist().index('left_wrist')
    assert not meshes.keypoints_visible[0, hidden]
    trimesh = pytest.importorskip('trimesh')
    write_viewer_file(answer.meshes, tmp_path / 'viewer.glb')
    shown = trimesh.load(tmp_path / 'viewer.glb', force='mesh')
    np.testing.assert_allclose(shown.bounds.mean(axis=0), 0, atol=1e-5)
    size = np.ptp(answer.meshes.vertices[0], axis=0)
    np.testing.assert_allclose(np.ptp(shown.bounds, axis=0), size, atol=1e-5)


def test_people_who_cannot_be_used_are_reported(model, scene):
    from web_demo.scene import Figure

    answer = model.answer(replace(scene, people=(Figure(3, 'coco_17', {}),)))
    assert answer.meshes is None
    assert answer.problems[0].startswith('person 3: ')


def test_people_come_from_a_keypoint_file_or_the_detector(model, scene, tmp_path, monkeypatch):
    assert model.find_people(scene, Path('photo.jpg'), None) == ()
    people = [{'pose_keypoints_2d': [1.0] * 54}, {'pose_keypoints_2d': [2.0] * 54}]
    keypoints = tmp_path / 'photo_keypoints.json'
    keypoints.write_text(json.dumps({'people': people}))
    assert len(model.find_people(scene, Path('photo.jpg'), keypoints)) == 2
    with pytest.raises(KeyError, match='other.jpg is not among'):
        model.find_people(scene, Path('other.jpg'), keypoints)
    named = [{'image_name': 'val/photo.jpg', 'keypoints': [1.0] * 51, 'box': [0] * 4, 'idx': 0}]
    results = tmp_path / 'results.json'
    results.write_text(json.dumps(named))
    assert len(model.find_people(scene, Path('/tmp/upload/photo.jpg'), results)) == 1
    detector = {'type': 'KeypointFile', 'path': str(keypoints)}
    monkeypatch.setitem(model.inferencer.cfg._cfg_dict, 'detector', detector)
    assert len(model.find_people(scene, Path('photo.jpg'), None)) == 2


def test_the_default_model_is_that_of_the_repository(tmp_path, monkeypatch):
    from web_demo import default_model

    assert default_model.CONFIG.is_file()
    monkeypatch.setattr(default_model, 'CHECKPOINT', tmp_path / 'none.pth')
    with pytest.raises(FileNotFoundError, match=r'none\.pth; name another with --config'):
        default_model.default_model()
