import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from dpmesh_plugin.datasets import PW3DDataset
from dpmesh_plugin.registry import DATASETS

TEST_PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownAffine'},
    {'type': 'PackMeshInputs'},
]


def test_one_person_as_documented(people):
    dataset = DATASETS.build(people())
    info = dataset.get_data_info(1)
    assert info['img_path'].endswith('imageFiles/street/image_00000.jpg')
    assert info['ori_shape'] == (96, 64)
    assert info['keypoint_set'] == 'openpose_18'
    shapes = {name: np.shape(value) for name, value in info['smpl'].items()}
    assert shapes == {
        'global_orient': (3,),
        'body_pose': (23, 3),
        'betas': (10,),
        'transl': (3,),
    }
    np.testing.assert_allclose(info['smpl']['global_orient'], [np.pi, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(info['focal_length'], [100, 110])
    assert info['gender'] == 'female'
    assert info['occlusion'] == 0.25
    assert info['visibility'].tolist() == [1] * 30
    assert dataset.get_data_info(3)['gender'] == 'female'


def test_file_says_which_benchmark_and_body_it_is(people, body_model):
    metainfo = DATASETS.build(people()).metainfo
    assert metainfo['dataset_name'] == 'SynthOC'
    assert metainfo['body_model_id'] == body_model.model_id
    bare = DATASETS.build(people(lambda content: content.pop('info'))).metainfo
    assert (bare['dataset_name'], bare['body_model_id']) == ('3DPW', 'smpl')
    assert bare['subset'] == 'test'
    # Keypoints in the field of OpenPose need not be OpenPose's.
    assert (metainfo['keypoint_source'], bare['keypoint_source']) == ('as annotated', 'openpose')


def test_joints_in_space_are_split_into_pelvis_and_rest(people):
    joints = np.arange(90.0).reshape(30, 3)

    def add(content):
        for annotation in content['annotations']:
            annotation['keypoints_3d'] = joints.tolist()

    info = DATASETS.build(people(add))[0]
    np.testing.assert_array_equal(info['pelvis'], [0, 1, 2])
    np.testing.assert_array_equal(info['keypoints_3d'], joints - joints[0])


def test_fields_may_be_kept_in_the_arrays(people, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        'visibility': rng.integers(0, 6, (4, 30)),
        'occlusion': np.array([0.0, 0.5, 0.25, 1.0]),
        'keypoints_3d': rng.normal(size=(4, 30, 3)).astype(np.float32),
    }

    def move(content):
        content['info']['arrays'] = 'people.npz'
        ids = [annotation['id'] for annotation in content['annotations']]
        np.savez(tmp_path / 'people.npz', id=ids, **arrays)
        for annotation in content['annotations']:
            del annotation['visibility'], annotation['occlusion']

    info = DATASETS.build(people(move))[1]
    np.testing.assert_array_equal(info['visibility'], arrays['visibility'][1])
    assert info['occlusion'] == 0.5
    joints = arrays['keypoints_3d'][1]
    np.testing.assert_array_equal(info['pelvis'], joints[0])
    np.testing.assert_array_equal(info['keypoints_3d'], joints - joints[0])


def test_unusable_boxes_are_left_out_and_listed(people):
    def spoil(content):
        content['annotations'][1]['bbox'] = [10, 10, 0, 5]
        content['annotations'][2]['bbox'] = [200, 10, 5, 5]

    dataset = DATASETS.build(people(spoil))
    assert [dataset[index]['sample_idx'] for index in range(len(dataset))] == [100, 103]
    assert dataset.dropped == {'the annotated box is empty or outside the image': [101, 102]}


def test_nothing_left_is_an_error(people):
    def spoil(content):
        for annotation in content['annotations']:
            annotation['bbox'] = [0, 0, 0, 0]

    with pytest.raises(ValueError, match='no sample is left of .*people.json; left out: 4 because'):
        DATASETS.build(people(spoil))
    with pytest.raises(ValueError, match='no sample is left .* Check the subset'):
        DATASETS.build(people() | {'subset': 'crowd', 'keypoint_source': 'openpose'})


@pytest.mark.parametrize(
    ('edit', 'error', 'message'),
    [
        (
            lambda c: c['annotations'][2].pop('openpose_result'),
            KeyError,
            "annotation 102 has no field 'openpose_result'",
        ),
        (
            lambda c: c['annotations'][2].update(openpose_result=[1.0] * 51),
            ValueError,
            'annotation 102: openpose_result must have 54 numbers, got 51.*keypoint set',
        ),
        (
            lambda c: c['annotations'][0]['smpl_param'].update(trans=[0, float('nan'), 3]),
            ValueError,
            'annotation 100: smpl_param.trans has NaN',
        ),
        (
            lambda c: c['annotations'][0]['smpl_param'].update(shape=[99.0] * 10),
            ValueError,
            'annotation 100: beta 0',
        ),
        (
            lambda c: c['images'][1].pop('cam_param'),
            KeyError,
            "annotation 102 has no field 'cam_param.focal' in its image",
        ),
        (lambda c: c['info'].update(version=2), ValueError, 'version 2 of the schema'),
    ],
)
def test_broken_annotation_is_named(people, edit, error, message):
    with pytest.raises(error, match=message):
        DATASETS.build(people(edit))


def test_unknown_names_list_the_known_ones(people):
    with pytest.raises(KeyError, match="'occ'; known: train, validation, test, oc, pc, crowd"):
        DATASETS.build(people() | {'subset': 'occ'})
    with pytest.raises(KeyError, match="'hrnet'; known: openpose, higherhrnet. .*detect_k"):
        DATASETS.build(people() | {'keypoint_source': 'hrnet'})


def _with_black_pictures(annotations: Path, root: Path) -> Path:
    for image in json.loads(annotations.read_text())['images']:
        path = root / 'imageFiles' / image['sequence'] / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((image['height'], image['width'], 3), np.uint8))
    return root


def _check_samples(dataset: PW3DDataset, expected: dict[str, np.ndarray]) -> None:
    samples = [dataset[index]['data_samples'] for index in range(len(dataset))]
    boxes = np.stack([sample.bbox_xywh for sample in samples])
    np.testing.assert_allclose(boxes, expected['bbox'], rtol=1e-5, atol=1e-3)
    prompts = [sample.prompt for sample in samples]
    cells = np.concatenate([prompt.keypoints for prompt in prompts]) / 256 * 32
    np.testing.assert_allclose(cells, expected['joints'][..., :2], atol=1e-4)
    scores = np.concatenate([prompt.keypoint_scores for prompt in prompts])
    np.testing.assert_allclose(scores, expected['joints'][..., 2], atol=1e-6)
    visible = np.concatenate([prompt.keypoints_visible for prompt in prompts])
    np.testing.assert_array_equal(visible, expected['joints_mask'][..., 0])


def _expected(shared_dir: Path, prefix: str) -> dict[str, np.ndarray]:
    data = np.load(shared_dir / 'parity' / 'preprocess.npz')
    return {key.removeprefix(prefix): data[key] for key in data.files if key.startswith(prefix)}


def test_published_preparation(shared_dir, tmp_path):
    annotations = shared_dir / 'parity' / 'pw3d_annotations.json'
    dataset = PW3DDataset(
        ann_file=str(annotations),
        data_root=str(_with_black_pictures(annotations, tmp_path)),
        pipeline=TEST_PIPELINE,
        test_mode=True,
    )
    expected = _expected(shared_dir, 'pw3d.')
    assert [dataset.get_data_info(i)['sample_idx'] for i in range(19)] == list(expected['ann_id'])
    assert dataset.dropped == {'the annotated box is empty or outside the image': [115]}
    _check_samples(dataset, expected)
    matrices = np.stack([dataset[i]['data_samples'].warp_mat for i in range(19)])
    np.testing.assert_allclose(matrices, expected['img2bb'], rtol=1e-5, atol=5e-4)


@pytest.mark.parametrize(
    ('keypoint_source', 'prefix'), [(None, 'crowd.'), ('openpose', 'crowd_as_eval_script.')]
)
def test_published_crowd_set(shared_dir, tmp_path, keypoint_source, prefix):
    annotations = shared_dir / 'parity' / 'pw3d_crowd_annotations.json'
    shutil.copy(shared_dir / 'parity' / 'pw3d_crowd_hhrnet.json', tmp_path / 'hhrnet.json')
    dataset = PW3DDataset(
        subset='crowd',
        ann_file=str(annotations),
        keypoint_source=keypoint_source,
        higherhrnet_file='hhrnet.json',
        data_root=str(_with_black_pictures(annotations, tmp_path)),
        pipeline=TEST_PIPELINE,
        test_mode=True,
    )
    assert [dataset.get_data_info(index)['sample_idx'] for index in range(4)] == [
        500,
        501,
        503,
        504,
    ]
    _check_samples(dataset, _expected(shared_dir, prefix))
    expected_source = keypoint_source or 'higherhrnet'
    assert dataset.metainfo['keypoint_source'] == expected_source


def test_missing_higherhrnet_file_is_named(people):
    with pytest.raises(FileNotFoundError, match='3DPW_validation_crowd_hhrnet_result.json'):
        DATASETS.build(people() | {'keypoint_source': 'higherhrnet'})
