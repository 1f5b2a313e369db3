"""MSCOCO and CrowdPose in their original formats."""

import json
import runpy
import sys

import numpy as np
import pytest

from dpmesh_plugin.converters.datasets import convert_coco, convert_crowdpose
from dpmesh_plugin.datasets import CocoSMPLDataset, CrowdPoseSMPLDataset

FIT = {'pose': [0.1] * 72, 'shape': [0.2] * 10, 'trans': [0, 0, 5]}
CAMERA = {'focal': [500, 501], 'princpt': [30, 20]}


def _download(root, joints, *, size=(64, 48), people=3, **changes):
    """Three people: fitted, without a fit, without annotated joints."""
    keypoints = np.column_stack([np.arange(joints) + 1, np.arange(joints) + 2, [2] * joints])
    annotations = [
        {
            'id': 50 + index,
            'image_id': 9,
            'bbox': [2, 3, 20, 30],
            'iscrowd': 0,
            'num_keypoints': 0 if index == 2 else joints,
            'keypoints': (keypoints * (index != 2)).reshape(-1).tolist(),
        }
        for index in range(people)
    ]
    image = {'id': 9, 'file_name': '9.png', 'width': size[0], 'height': size[1]}
    content = {'images': [image], 'annotations': annotations} | changes
    fits = {'50': {'smpl_param': FIT, 'cam_param': CAMERA}}
    for name, table in (('people.json', content), ('fits.json', fits)):
        (root / name).write_text(json.dumps(table))
    return {'annotations': root / 'people.json', 'fits': root / 'fits.json'}


def test_coco(tmp_path, picture):
    convert_coco(**_download(tmp_path, 17), out=tmp_path / 'coco_train.json')
    picture(tmp_path / 'images/train2017/9.png')
    dataset = CocoSMPLDataset(data_root=str(tmp_path), with_neighbours=True)
    assert len(dataset) == 2
    person, other = dataset.get_data_info(0), dataset.get_data_info(1)
    assert person['img_path'].endswith('images/train2017/9.png')
    # hips are joints 11 and 12: (12, 13) and (13, 14)
    np.testing.assert_array_equal(person['annotated_keypoints'][17], [12.5, 13.5])
    assert person['annotated_valid'].tolist() == [1] * 18
    np.testing.assert_array_equal(person['focal_length'], [500, 501])
    np.testing.assert_allclose(person['smpl']['betas'], 0.2)
    assert 'smpl' not in other
    np.testing.assert_allclose(other['focal_length'], 80)
    assert person['neighbours'].shape == (1, 17, 3)


def test_crowdpose_with_exchanged_sides(tmp_path, picture):
    picture(tmp_path / 'images/9.png')
    arguments = _download(tmp_path, 14, size=(48, 64))
    convert_crowdpose(
        **arguments, images=tmp_path / 'images', out=tmp_path / 'crowdpose_train.json'
    )
    dataset = CrowdPoseSMPLDataset(data_root=str(tmp_path))
    assert len(dataset) == 2
    assert dataset.get_data_info(0)['ori_shape'] == (64, 48)
    assert dataset.get_data_info(0)['annotated_keypoints'].shape == (15, 2)


def test_pelvis_needs_both_hips(tmp_path, picture):
    arguments = _download(tmp_path, 14)
    content = json.loads(arguments['annotations'].read_text())
    content['annotations'][0]['keypoints'][3 * 6 + 2] = 0
    arguments['annotations'].write_text(json.dumps(content))
    picture(tmp_path / 'images/9.png')
    writer = convert_crowdpose(**arguments, images=tmp_path / 'images', out=tmp_path / 'x.json')
    assert [person.keypoints[14, 2] for person in writer.people] == [0, 1]


def test_real_samples_convert(shared_dir, tmp_path):
    real = shared_dir / 'real'
    coco = convert_coco(
        annotations=real / 'coco/test_coco.json',
        fits=None,
        out=tmp_path / 'coco.json',
        subset='val',
    )
    crowd = convert_crowdpose(
        annotations=real / 'crowdpose/test_crowdpose.json',
        images=real / 'crowdpose',
        fits=None,
        out=tmp_path / 'crowd.json',
        subset='test',
    )
    assert (len(coco.people), len(crowd.people)) == (12, 4)  # the others have no annotated joint


@pytest.mark.parametrize(
    ('changes', 'size', 'error', 'message'),
    [
        ({}, (10, 10), ValueError, r'9.png has \(width, height\) \(64, 48\), .* says \(10, 10\)'),
        ({'images': []}, (64, 48), ValueError, 'annotations of images that are not listed, ids .9'),
        ({'annotations': []}, (64, 48), ValueError, 'no people for .*out.json'),
    ],
)
def test_bad_download_is_named(tmp_path, picture, changes, size, error, message):
    picture(tmp_path / 'images/9.png')
    arguments = _download(tmp_path, 14, size=size, **changes)
    with pytest.raises(error, match=message):
        convert_crowdpose(**arguments, images=tmp_path / 'images', out=tmp_path / 'out.json')


def test_other_joints_and_missing_lists_are_named(tmp_path, picture):
    arguments = _download(tmp_path, 14)
    with pytest.raises(ValueError, match='MSCOCO, annotation 50: keypoints must be 54 finite'):
        convert_coco(**arguments, out=tmp_path / 'x.json')
    arguments['annotations'].write_text('{"images": []}')
    with pytest.raises(KeyError, match="people.json has no 'annotations'"):
        convert_coco(**arguments, out=tmp_path / 'x.json')


def test_tool(repo_root, tmp_path, monkeypatch, capsys):
    arguments = _download(tmp_path, 17)
    tool = repo_root / 'tools' / 'dataset_converters' / 'coco.py'
    command = [tool, arguments['annotations'], '--fits', arguments['fits']]
    command += ['--out', tmp_path / 'coco_train.json']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in command])
    runpy.run_path(str(tool), run_name='__main__')
    assert '2 people, 1 with a trusted fit' in capsys.readouterr().out
