import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from dpmesh_plugin.apis import KeypointFile, MeshInferencer, load_meshes, read_keypoints
from dpmesh_plugin.apis.person import ImageKeypoints


def _edit(folder, change):
    path = folder / 'keypoints.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_folder_becomes_meshes_overlays_and_a_summary(inferencer, photos, tmp_path):
    out = tmp_path / 'deep' / 'out'
    report = inferencer(photos, keypoints=photos / 'keypoints.json', out_dir=out)
    assert [(image['persons'], image['meshes']) for image in report.images] == [
        (2, 'a.npz'),
        (1, 'b.npz'),
    ]
    assert (report.num_persons, report.meshes) == (3, [])
    (problem,) = report.problems
    assert 'c.jpg is not among the 2 images' in str(problem)
    names = {path.name for path in out.iterdir()}
    assert names == {'a.npz', 'a_overlay.jpg', 'b.npz', 'b_overlay.jpg', 'summary.json'}
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['schema_version'] == 2
    assert summary['images'] == report.images
    assert summary['problems'][0]['image'].endswith('c.jpg')
    assert len(summary['checkpoint_sha256']) == 64
    photo, overlay = cv2.imread(str(photos / 'a.jpg')), cv2.imread(str(out / 'a_overlay.jpg'))
    assert overlay.shape == photo.shape
    assert np.abs(overlay.astype(int) - photo).mean() > 5


def test_a_further_run_leaves_no_overlay_of_an_earlier_result(inferencer, photos, tmp_path):
    out, keypoints = tmp_path / 'out', photos / 'keypoints.json'
    inferencer([photos / 'a.jpg', photos / 'b.png'], keypoints=keypoints, out_dir=out)
    inferencer(photos / 'b.png', keypoints=keypoints, out_dir=out, draw=False)
    names = {path.name for path in out.iterdir()}
    assert names == {'a.npz', 'a_overlay.jpg', 'b.npz', 'summary.json'}
    images = json.loads((out / 'summary.json').read_text())['images']
    assert [image.get('overlay') for image in images] == ['a_overlay.jpg', None]


def test_the_parameters_give_the_vertices_in_the_camera_of_the_image(inferencer, photos, tmp_path):
    inferencer(photos / 'a.jpg', keypoints=photos / 'keypoints.json', out_dir=tmp_path / 'out')
    meshes = load_meshes(tmp_path / 'out' / 'a.npz')
    body = inferencer.model.body_model
    assert meshes.body_model_id == body.model_id
    rebuilt = body(
        **{
            name: torch.from_numpy(getattr(meshes, name))
            for name in ('global_orient', 'body_pose', 'betas', 'transl')
        }
    )
    np.testing.assert_allclose(meshes.skeleton, rebuilt.joints, atol=1e-5)
    rebuilt = rebuilt.vertices
    np.testing.assert_allclose(meshes.vertices, rebuilt, atol=1e-5)
    np.testing.assert_allclose(meshes.joints, body.regress(rebuilt, 'dpmesh_30'), atol=1e-5)
    focal = np.hypot(160, 120)
    expected = [[focal, 0, 80], [0, focal, 60], [0, 0, 1]]
    np.testing.assert_allclose(meshes.intrinsics, expected)
    pixels = meshes.joints @ meshes.intrinsics.T
    pixels = pixels[..., :2] / pixels[..., 2:]
    for person, x in enumerate((40, 100)):
        # The pelvis lies inside the crop, and the body is about as tall as the figure.
        assert np.abs(pixels[person, 0] - [x, 65]).max() < 40
        assert 40 < np.ptp(pixels[person, :, 1]) < 250


def test_keypoints_come_back_in_the_pixels_of_the_image(inferencer, photos):
    report = inferencer(photos / 'b.png', keypoints=photos / 'keypoints.json')
    (meshes,), (picture,) = report.meshes, report.pictures
    names = meshes.joint_names.tolist()
    np.testing.assert_allclose(meshes.keypoints[0, names.index('left_wrist')], [93, 62], atol=1e-3)
    np.testing.assert_allclose(meshes.keypoints[0, names.index('neck')], [80, 32], atol=1e-3)
    chest = names.index('chest')
    assert meshes.keypoint_scores[0, chest] == 0
    np.testing.assert_array_equal(meshes.keypoints[0, chest], 0)
    np.testing.assert_array_equal(meshes.keypoints_visible, meshes.keypoint_scores > 0.05)
    assert meshes.person_ids.tolist() == [3]
    assert picture.shape == (120, 160, 3)


def test_batches_and_their_order_do_not_matter(inferencer, photos):
    keypoints = read_keypoints(photos / 'keypoints.json')
    images = [photos / 'a.jpg', photos / 'b.png']
    alone = inferencer(images, keypoints=keypoints, batch_size=1, draw=False)
    together = inferencer(images[::-1], keypoints=keypoints, batch_size=8, draw=False)
    assert alone.pictures == []
    for one, other in zip(alone.meshes, together.meshes[::-1], strict=True):
        np.testing.assert_allclose(one.vertices, other.vertices, atol=1e-4)
        np.testing.assert_array_equal(one.person_ids, other.person_ids)


def test_a_given_focal_length_is_used(inferencer, photos):
    options = {'keypoints': photos / 'keypoints.json', 'draw': False}
    (near,) = inferencer(photos / 'b.png', focal_length=200.0, **options).meshes
    (far,) = inferencer(photos / 'b.png', focal_length=400.0, **options).meshes
    assert near.intrinsics[0, 0] == 200
    assert far.transl[0, 2] == pytest.approx(2 * near.transl[0, 2], rel=1e-4)


def test_a_focal_length_in_mm_is_noted_once(inferencer, photos, tmp_path):
    options = {'keypoints': photos / 'keypoints.json', 'draw': False}
    cv2.imwrite(str(photos / 'b.png'), cv2.imread(str(photos / 'b.png'))[:119])
    _edit(photos, lambda content: content['images'][1].update(height=119))
    inputs = [photos / 'a.jpg', photos / 'b.png']
    report = inferencer(inputs, focal_length=30.0, out_dir=tmp_path / 'out', **options)
    assert (report.num_persons, report.problems) == (3, [])
    (note,) = report.notes
    assert str(note) == (
        f'{photos / "a.jpg"}: a focal length of 30 px gives an image of 160 x 120 px a field of '
        'view of 139 degrees. It is in px, not mm: px = mm / 36 * width, with the mm of a '
        'full-frame camera (35 mm equivalent)'
    )
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert summary['notes'] == [vars(note)]
    assert inferencer(inputs, focal_length=50.0, **options).notes == []
    assert inferencer(inputs, **options).notes == []


def _with_joints(*counts):
    """So many joints of the first persons stay, and only the first of all keeps a box."""

    def change(content):
        for person, count in zip(content['annotations'], counts, strict=False):
            person['keypoints'][3 * count :] = [0] * (51 - 3 * count)
        for person in content['annotations'][1:]:
            del person['bbox']

    return change


@pytest.mark.parametrize(('counts', 'left_out'), [((0, 0), (1, 2)), ((1, 2), (1, 2)), ((3, 3), ())])
def test_nobody_is_placed_by_fewer_than_three_keypoints(counts, left_out, inferencer, photos):
    _edit(photos, _with_joints(*counts))
    report = inferencer(photos / 'a.jpg', keypoints=photos / 'keypoints.json', draw=False)
    assert tuple(problem.person_id for problem in report.problems) == left_out
    for problem, count in zip(report.problems, counts, strict=False):
        assert problem.message == (
            f'{count} of its keypoints have a confidence above 0.05, 3 are needed to place a body '
            '(--min-keypoints): use a better detector, or lower the threshold of '
            'KeypointsToPrompt in the config'
        )


def test_how_many_keypoints_are_needed_is_an_option(config, checkpoint, photos):
    """Both hips make a pelvis, which no detector saw."""

    def only_hips(content):
        content['annotations'][0]['keypoints'][: 3 * 11] = [0] * 33
        content['annotations'][0]['keypoints'][3 * 13 :] = [0] * 12

    _edit(photos, only_hips)
    keypoints = photos / 'keypoints.json'
    strict = MeshInferencer(config, checkpoint, device='cpu')
    assert '2 of its' in str(strict(photos / 'a.jpg', keypoints=keypoints).problems[0])
    _edit(photos, _with_joints(0))
    lenient = MeshInferencer(config, checkpoint, device='cpu', min_keypoints=0)
    report = lenient(photos / 'a.jpg', keypoints=keypoints, draw=False)
    assert report.problems == []
    np.testing.assert_allclose(report.meshes[0].boxes[0, 3], 110, atol=2)
    with pytest.raises(ValueError, match='min_keypoints .* of 0 or more, got -1'):
        MeshInferencer(config, checkpoint, device='cpu', min_keypoints=-1)


def test_one_bad_number_does_not_stop_the_rest(inferencer, photos):
    _edit(photos, lambda content: content['annotations'][0]['keypoints'].__setitem__(4, np.nan))
    report = inferencer(
        [photos / 'a.jpg', photos / 'b.png'], keypoints=photos / 'keypoints.json', draw=False
    )
    assert [meshes.person_ids.tolist() for meshes in report.meshes] == [[2], [3]]
    (problem,) = report.problems
    assert (problem.image, problem.person_id) == (str(photos / 'a.jpg'), 1)
    assert 'NaN or infinite' in problem.message


def test_scores_a_little_above_1_count_as_1(inferencer, photos):
    """As those of RTMPose and some heatmaps are."""
    (person,) = read_keypoints(photos / 'keypoints.json').find('b.png').persons

    def scores_of(scores):
        entry = ImageKeypoints('b', (replace(person, scores=np.full(17, scores, np.float32)),))
        keypoints = KeypointFile(photos / 'k.json', (entry,))
        return inferencer(photos / 'b.png', keypoints=keypoints, draw=False).meshes[0]

    np.testing.assert_array_equal(scores_of(1.3).keypoint_scores, scores_of(1).keypoint_scores)


def test_one_bad_image_does_not_stop_the_rest(inferencer, photos):
    (photos / 'a.jpg').write_bytes((photos / 'a.jpg').read_bytes()[:300])
    report = inferencer(photos, keypoints=photos / 'keypoints.json', draw=False)
    assert [image['persons'] for image in report.images] == [1]
    messages = [str(problem) for problem in report.problems]
    assert any(re.search(r'a\.jpg is cut off', message) for message in messages)


def test_keypoints_of_another_version_of_the_image_are_refused(inferencer, photos):
    _edit(photos, lambda content: content['images'][0].update(width=640))
    report = inferencer(photos / 'a.jpg', keypoints=photos / 'keypoints.json')
    assert report.images == []
    assert '(160, 120), the keypoint file says (640, 120)' in report.problems[0].message


def test_an_image_without_persons_is_reported(inferencer, photos):
    _edit(photos, lambda content: content.update(annotations=[]))
    report = inferencer(photos / 'a.jpg', keypoints=photos / 'keypoints.json')
    assert 'has no person for it' in report.problems[0].message


def test_wrong_input_stops_before_anything_is_computed(inferencer, photos, tmp_path):
    keypoints = photos / 'keypoints.json'
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match=r'empty has no image; looked for \.jpg'):
        inferencer(tmp_path / 'empty', keypoints=keypoints)
    with pytest.raises(FileNotFoundError, match=r'none\.jpg'):
        inferencer(tmp_path / 'none.jpg', keypoints=keypoints)
    with pytest.raises(FileNotFoundError, match=r'none\.json'):
        inferencer(photos, keypoints=tmp_path / 'none.json')
    with pytest.raises(FileExistsError, match=r'keypoints\.json'):
        inferencer(photos, keypoints=keypoints, out_dir=keypoints)


def test_wrong_weights_stop_before_any_image_is_read(config, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        MeshInferencer(config, tmp_path / 'none.pth', device='cpu')
    torch.save({'a': torch.zeros(1)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth does not fit the model MeshEstimator'):
        MeshInferencer(config, tmp_path / 'a.pth', device='cpu')


@pytest.mark.parametrize(
    ('name', 'found'),
    [('keypoint_lifter', 'KeypointLifter'), ('mean_pose', 'MeanPoseEstimator')],
)
def test_models_that_predict_no_mesh_are_refused(name, found, checkpoint, repo_root):
    config = repo_root / 'configs' / 'baselines' / f'{name}_synth_oc.py'
    message = rf'that predicts meshes \(MeshEstimator\), got {found} in .*{name}_synth_oc\.py'
    with pytest.raises(ValueError, match=message):
        MeshInferencer(config, checkpoint, device='cpu')


@pytest.mark.parametrize(
    ('name', 'persons', 'without_keypoints'),
    [('coco', 12, {508900, 1202706}), ('crowdpose', 4, {131039}), ('ochuman', 5, set())],
)
def test_everyone_in_the_real_photographs_gets_a_mesh(
    name, persons, without_keypoints, inferencer, shared_dir
):
    folder = shared_dir / 'real' / name
    report = inferencer(folder, keypoints=folder / f'test_{name}.json', draw=False)
    assert {problem.person_id for problem in report.problems} == without_keypoints
    assert all(problem.message.startswith('0 of its') for problem in report.problems)
    assert report.num_persons == persons
    for meshes in report.meshes:
        pixels = meshes.joints[:, 0] @ meshes.intrinsics.T
        pelvis = pixels[:, :2] / pixels[:, 2:]
        corner, size = meshes.boxes[:, :2], meshes.boxes[:, 2:]
        assert ((pelvis > corner) & (pelvis < corner + size)).all()
