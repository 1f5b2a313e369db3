import json
import re
import time

import cv2
import numpy as np
import pytest

from dpmesh_plugin.converters.datasets import Person, SchemaWriter
from dpmesh_plugin.datasets import (
    CocoSMPLDataset,
    CrowdPoseSMPLDataset,
    Human36MDataset,
    MuCo3DHPDataset,
    OH3DDataset,
    PanopticDataset,
)
from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.structures import get_keypoint_set

TRAIN_PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'AnnotatedKeypoints'},
    {'type': 'RandomScaleRotateFlip'},
    {'type': 'BodyModelKeypoints', 'body_model': {'type': 'SMPL'}},
    {'type': 'KeypointsToPrompt', 'source': 'annotation'},
    {'type': 'CropBox', 'source': 'annotation'},
    {'type': 'TopdownAffine', 'input_size': (32, 32), 'absent_keypoints': 'zero'},
    {'type': 'SMPLTargets'},
    {'type': 'PackMeshInputs'},
]


def test_one_person_as_documented(schema_people, body_model):
    dataset = DATASETS.build(schema_people())
    info = dataset.get_data_info(3)
    assert info['sample_idx'] == 203
    assert info['img_path'].endswith('images/s_01/1.png')
    assert info['ori_shape'] == (96, 64)
    assert info['annotated_set'] == info['keypoint_set'] == 'h36m_17'
    assert info['annotated_keypoints'].shape == (17, 2)
    assert info['annotated_valid'].tolist() == [1] * 17
    np.testing.assert_array_equal(info['annotated_keypoints_3d'][0], 0)
    np.testing.assert_allclose(info['smpl']['transl'], [0.5, 0.2, 3], rtol=1e-6)
    np.testing.assert_allclose(info['focal_length'], 60)
    assert dataset.metainfo['body_model_id'] == body_model.model_id
    assert dataset.metainfo['subset'] == 'train'


def test_fitted_and_annotated_joints_agree_after_the_pipeline(schema_people):
    """The body was placed so that its joints are the annotated ones."""
    dataset = DATASETS.build(schema_people() | {'pipeline': TRAIN_PIPELINE})
    truth = dataset[0]['data_samples'].gt_instances
    known = [index for index in (1, 2, 4, 5, 7, 8, 16, 17) if truth.keypoints_3d_valid[0, index]]
    assert len(known) == 8
    distance = np.linalg.norm(truth.keypoints_3d[0] - truth.fit_keypoints_3d[0], axis=1)[known]
    assert distance.max() < 0.12  # two regressors of one body
    assert truth.smpl_valid.tolist() == [1]


def test_person_without_a_trusted_fit_trains_on_joints(schema_people):
    def distrust(content):
        content['annotations'][0].update(smpl_valid=0, smpl_param=None)

    dataset = DATASETS.build(schema_people(distrust) | {'pipeline': TRAIN_PIPELINE})
    assert 'smpl' not in dataset.get_data_info(0)
    assert 'smpl' in dataset.get_data_info(1)
    truth = dataset[0]['data_samples'].gt_instances
    assert truth.smpl_valid.tolist() == [0]
    assert truth.keypoints_2d_valid.any()


def test_without_a_camera_the_diagonal_is_the_focal_length(schema_people):
    def forget(content):
        for image in content['images']:
            del image['cam_param']

    info = DATASETS.build(schema_people(forget)).get_data_info(0)
    np.testing.assert_allclose(info['focal_length'], np.hypot(96, 64), rtol=1e-6)
    np.testing.assert_allclose(info['principal_point'], [48, 32])


def test_detections_and_camera_of_the_person(schema_people):
    def add(content):
        content['info']['detection_set'] = 'coco_17'
        for annotation in content['annotations']:
            annotation['detections'] = np.arange(51.0).tolist()
            annotation['cam_param'] = {'focal': [500, 510], 'princpt': [7, 8]}

    info = DATASETS.build(schema_people(add)).get_data_info(0)
    assert info['keypoint_set'] == 'coco_17'
    np.testing.assert_array_equal(info['keypoints'][1], [3, 4])
    assert info['keypoint_scores'][1] == 5
    np.testing.assert_array_equal(info['focal_length'], [500, 510])


def test_neighbours_that_are_no_samples(schema_people):
    def nearest_only(content):
        for index, annotation in enumerate(content['annotations']):
            annotation['sampled'] = index % 2

    dataset = DATASETS.build(schema_people(nearest_only) | {'with_neighbours': True})
    assert [dataset.get_data_info(i)['sample_idx'] for i in range(len(dataset))] == [201, 203]
    assert dataset.get_data_info(0)['neighbours'].shape == (1, 17, 3)


def _write(root, dataset, *, people=4, size=(96, 64)):
    joints = get_keypoint_set(dataset.ANNOTATED_SET).num
    name = dataset.METAINFO['dataset_name']
    subset, file = next(iter(dataset.SUBSETS.items()))
    writer = SchemaWriter(name=name, subset=subset, keypoint_set=dataset.ANNOTATED_SET)
    rng = np.random.default_rng(0)
    (root / dataset.IMAGES).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / dataset.IMAGES / '0.png'), np.zeros((*size[::-1], 3), np.uint8))
    camera = {'focal': [100, 100], 'princpt': [48, 32]}
    for index in range(people):
        writer.add_image(id=index, file_name='0.png', width=size[0], height=size[1], camera=camera)
        smpl = {'pose': rng.normal(0, 0.3, 72), 'shape': np.zeros(10), 'trans': [0, 0, 4]}
        writer.add_person(
            Person(
                index,
                index,
                [10, 10, 50, 40],
                rng.uniform(1, 60, (joints, 3)),
                rng.normal(0, 0.5, (joints, 3)) if dataset.IN_SPACE else None,
                smpl | {'gender': 'male'} if index else None,
            )
        )
    writer.write(root / file)
    return root / file


@pytest.mark.parametrize(
    'dataset',
    [
        Human36MDataset,
        MuCo3DHPDataset,
        CocoSMPLDataset,
        CrowdPoseSMPLDataset,
        OH3DDataset,
        PanopticDataset,
    ],
    ids=lambda dataset: dataset.__name__,
)
def test_every_data_set_reads_what_the_writer_wrote(tmp_path, dataset):
    path = _write(tmp_path, dataset)
    people = DATASETS.build({'type': dataset.__name__, 'data_root': str(tmp_path)})
    assert len(people) == 4
    assert people.metainfo['dataset_name'] == dataset.METAINFO['dataset_name']
    info = people.get_data_info(2)
    assert info['gender'] == 'male'
    assert ('annotated_keypoints_3d' in info) == bool(dataset.IN_SPACE)
    assert 'smpl' not in people.get_data_info(0)
    content = json.loads(path.read_text())
    assert content['annotations'][0] == {'id': 0, 'image_id': 0}


def test_35000_people_are_indexed_in_three_seconds(tmp_path):
    _write(tmp_path, Human36MDataset, people=3500)
    start = time.process_time()
    Human36MDataset(data_root=str(tmp_path))
    assert time.process_time() - start < 0.6  # a tenth of the people; measured 0.15 s


def _set(*keys_and_value):
    *keys, last, value = keys_and_value

    def edit(content):
        node = content
        for key in keys:
            node = node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value

    return edit


FIRST = ('annotations', 0)


@pytest.mark.parametrize(
    ('edit', 'error', 'message'),
    [
        (_set('info', 'version', 2), ValueError, 'version 2 of the schema, this package reads 1'),
        (_set('info', 'version', None), KeyError, 'info lacks version; .*dataset_converters'),
        (_set('info', None), KeyError, 'info lacks version, name'),
        (_set('info', 'name', 'MSCOCO'), ValueError, "info.name is 'MSCOCO', expected 'Human3.6M'"),
        (_set('info', 'subset', 'test'), ValueError, "info.subset is 'test', expected 'train'"),
        (
            _set('info', 'keypoint_set', 'coco_17'),
            ValueError,
            "info.keypoint_set is 'coco_17', expected 'h36m_17'",
        ),
        (_set('info', 'keypoint_set', 'h36m'), KeyError, "unknown keypoint set 'h36m'; known: "),
        (
            _set(*FIRST, 'keypoints', [1.0] * 51 + [2.0]),
            ValueError,
            'annotation 200: keypoints must have 51 numbers, got 52; is it in another keypoint set',
        ),
        (
            _set(*FIRST, 'keypoints_3d', None),
            KeyError,
            "annotation 200 has no field 'keypoints_3d'",
        ),
        (_set(*FIRST, 'bbox', None), KeyError, "annotation 200 has no field 'bbox'"),
        (
            _set(*FIRST, 'smpl_param', 'pose', [0.0, float('nan')] * 36),
            ValueError,
            'annotation 200: smpl_param.pose has NaN',
        ),
        (
            _set(*FIRST, 'smpl_param', 'pose', [180.0] * 72),
            ValueError,
            'annotation 200: rotation 0 of smpl_param .* radians',
        ),
        (
            _set(*FIRST, 'smpl_param', 'shape', [0.0] * 9 + [-400.0]),
            ValueError,
            'annotation 200: beta 9 of smpl_param has the size 400',
        ),
        (
            _set(*FIRST, 'smpl_param', 'gender', 'x'),
            ValueError,
            "annotation 200: smpl_param.gender is 'x', expected one of male, female, neutral",
        ),
        (
            _set('images', 0, 'width', 0),
            ValueError,
            r'annotation 200: its image 0 has the size \(w, h\) \[0.0, 64.0\]',
        ),
        (
            _set('images', 1, 'cam_param', 'focal', [0, 60]),
            ValueError,
            'annotation 202: cam_param.focal is .0.0, 60.0.; expected pixels above 0',
        ),
        (_set(*FIRST, 'id', 203), ValueError, '1 duplicate annotation ids, first .203'),
        (_set('images', 0, 'id', 1), ValueError, '1 duplicate image ids, first .1.'),
        (_set(*FIRST, 'image_id', 9), ValueError, 'annotation 200 belongs to image 9, which is'),
        (_set('annotations', []), ValueError, 'no sample is left of .*h36m_train.json'),
    ],
)
def test_bad_file_is_named(schema_people, edit, error, message):
    with pytest.raises(error, match=message) as caught:
        DATASETS.build(schema_people(edit))
    assert 'h36m_train.json' in str(caught.value)


def test_zero_area_box_is_listed(schema_people):
    dataset = DATASETS.build(schema_people(_set(*FIRST, 'bbox', [5, 5, 0, 9])))
    assert len(dataset) == 3
    assert dataset.dropped == {'the annotated box is empty or outside the image': [200]}


def test_no_person_sampled_is_an_error(schema_people):
    def none(content):
        for annotation in content['annotations']:
            annotation['sampled'] = 0

    with pytest.raises(ValueError, match='h36m_train.json: sampled is 0 for all'):
        DATASETS.build(schema_people(none))


def test_unknown_subset_lists_the_known(schema_people):
    with pytest.raises(KeyError, match="Human36MDataset: unknown subset 'val'; known: train, test"):
        DATASETS.build(schema_people() | {'subset': 'val'})


def test_any_file_of_the_schema(schema_people, tmp_path):
    config = schema_people(_set('info', 'name', 'mine')) | {'type': 'SchemaMeshDataset'}
    config |= {'ann_file': 'h36m_train.json', 'data_prefix': {'img_path': 'images'}}
    assert DATASETS.build(config).metainfo['dataset_name'] == 'mine'
    with pytest.raises(KeyError, match='known: none, set ann_file'):
        DATASETS.build(config | {'ann_file': None})


def test_image_of_another_size_is_named_by_the_worker(schema_people, tmp_path):
    dataset = DATASETS.build(schema_people() | {'pipeline': TRAIN_PIPELINE})
    cv2.imwrite(str(tmp_path / 'images/s_01/1.png'), np.zeros((32, 96, 3), np.uint8))
    message = r'images/s_01/1.png has \(width, height\) \(96, 32\), annotated is .*annotation 202'
    with pytest.raises(ValueError, match=message):
        dataset[2]


def _spoil_arrays(path, edit):
    with np.load(path) as file:
        arrays = dict(file)
    edit(arrays)
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ('spoil', 'error', 'message'),
    [
        (lambda path: path.unlink(), FileNotFoundError, 'keeps its numbers in .*h36m_train.npz'),
        (lambda path: path.write_bytes(b'PK\x03\x04no'), ValueError, 'h36m_train.npz is damaged'),
        (
            lambda path: _spoil_arrays(path, lambda a: a.update(id=a['id'] + 1)),
            ValueError,
            'does not have the annotations of .*h36m_train.json',
        ),
        (
            lambda path: _spoil_arrays(path, lambda a: a.update(bbox=a['bbox'][1:])),
            ValueError,
            'h36m_train.npz: bbox has 3 rows, expected 4',
        ),
        (
            lambda path: _spoil_arrays(path, lambda a: a.update(bbox=a['bbox'].astype(object))),
            ValueError,
            'no npz file of plain arrays',
        ),
        (
            lambda path: _spoil_arrays(path, lambda a: a['bbox'].__setitem__((1, 2), np.nan)),
            ValueError,
            'annotation 1: bbox has NaN',
        ),
    ],
)
def test_bad_arrays_are_named(tmp_path, spoil, error, message):
    spoil(_write(tmp_path, Human36MDataset).with_suffix('.npz'))
    with pytest.raises(error, match=message):
        Human36MDataset(data_root=str(tmp_path))


def test_writer_names_the_person_with_bad_numbers(tmp_path):
    writer = SchemaWriter(name='mine', subset='all', keypoint_set='coco_17')
    with pytest.raises(ValueError, match=re.escape('no people for')):
        writer.write(tmp_path / 'people.json')
    writer.add_image(id=0, file_name='a\\0.jpg', width=5, height=5)
    writer.add_person(Person(7, 0, [0, 0, 1, 1], np.zeros((14, 3))))
    with pytest.raises(ValueError, match='mine, annotation 7: keypoints must be 51 finite numbers'):
        writer.write(tmp_path / 'people.json')
    assert not list(tmp_path.iterdir())
