import hashlib
import json
import runpy
import sys

import cv2
import numpy as np
import pytest

from dpmesh_plugin.synthesis import DatasetRequest, write_dataset
from dpmesh_plugin.synthesis.annotations import image_entry, person_entry
from dpmesh_plugin.synthesis.dataset_folder import clear_folder, is_complete
from dpmesh_plugin.synthesis.writer import sample_rng

MODEL_ID = 'some-body'
SMALL = DatasetRequest(train=3, test=2, seed=5, image_size=64, supersample=1)


def run_tool(repo_root, out, *options) -> None:
    """Run the tool in this process, which has imported what it needs."""
    small = ['--train', '3', '--test', '2', '--seed', '5', '--image-size', '64']
    tool = repo_root / 'tools' / 'dataset_converters' / 'make_synth_oc.py'
    command = [str(tool), '--out', str(out), *small, '--supersample', '1', *options]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', command)
        runpy.run_path(str(tool), run_name='__main__')


def digests(folder) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module')
def written(tmp_path_factory, repo_root):
    """A small data set, made with one worker process."""
    folder = tmp_path_factory.mktemp('synth') / 'one'
    run_tool(repo_root, folder, '--workers', '1')
    return folder


@pytest.fixture
def finished(tmp_path):
    """A folder that looks finished: annotation files and empty images."""
    for split, count in SMALL.splits().items():
        sequence = f'synth_{split}_000'
        images = [{'sequence': sequence, 'file_name': f'{n}.jpg'} for n in range(count)]
        (tmp_path / 'imageFiles' / sequence).mkdir(parents=True)
        for image in images:
            (tmp_path / 'imageFiles' / sequence / image['file_name']).touch()
        content = {'info': SMALL.info(MODEL_ID), 'images': images}
        (tmp_path / f'synth_oc_{split}.json').write_text(json.dumps(content))
    return tmp_path


def test_bytes_do_not_depend_on_workers(written, repo_root, tmp_path, capsys):
    run_tool(repo_root, tmp_path / 'two', '--workers', '2')
    assert 'wrote 5 images' in capsys.readouterr().out
    assert len(digests(written)) == 7
    assert digests(tmp_path / 'two') == digests(written)


def test_a_finished_request_is_left_alone(written, repo_root, capsys):
    before = digests(written)
    run_tool(repo_root, written)
    assert 'complete already' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='--overwrite to replace it'):
        run_tool(repo_root, written, '--seed', '6')
    assert digests(written) == before


def test_schema(written, poser):
    content = json.loads((written / 'synth_oc_train.json').read_text())
    assert set(content) == {'info', 'images', 'annotations', 'categories'}
    info = content['info']
    assert (info['name'], info['version'], info['seed']) == ('SynthOC', 1, 5)
    assert info['model_id'] == poser.model.model_id
    assert info['licence'] == 'CC0-1.0'
    assert [image['id'] for image in content['images']] == [0, 1, 2]
    for image in content['images']:
        path = written / 'imageFiles' / image['sequence'] / image['file_name']
        assert cv2.imread(str(path)).shape == (image['height'], image['width'], 3) == (64, 64, 3)
        assert len(image['cam_param']['focal']) == len(image['cam_param']['princpt']) == 2
    sequences = {image['sequence'] for image in content['images']}
    test = json.loads((written / 'synth_oc_test.json').read_text())
    assert sequences.isdisjoint(image['sequence'] for image in test['images'])
    assert {a['image_id'] for a in content['annotations']} == {0, 1, 2}
    assert [a['id'] for a in content['annotations']] == list(range(len(content['annotations'])))


def test_annotations_hold_what_was_generated(generator):
    scene = generator.generate(sample_rng(1, 'train', 0))
    truth = scene.people[0]
    entry = person_entry(truth)
    lengths = {'openpose_result': 54, 'keypoints_3d': 90, 'visibility': 30, 'bbox': 4}
    assert {name: len(entry[name]) for name in lengths} == lengths
    smpl = entry['smpl_param']
    assert [len(smpl[name]) for name in ('pose', 'shape', 'trans')] == [72, 10, 3]
    np.testing.assert_array_equal(smpl['pose'], truth.person.body.pose.ravel())
    np.testing.assert_array_equal(smpl['trans'], truth.person.translation)
    assert entry['area'] == pytest.approx(entry['bbox'][2] * entry['bbox'][3], abs=0.01)
    assert json.loads(json.dumps(entry)) == entry
    image = image_entry(scene, 7, 'synth_train_000', 'image_00007.jpg')
    assert image['cam_param']['princpt'] == [63.5, 63.5]


def test_completeness_wants_every_file(finished):
    assert is_complete(finished, SMALL, MODEL_ID)
    assert not is_complete(finished, SMALL, 'another-body')
    assert not is_complete(finished, DatasetRequest(train=3, test=2, seed=6), MODEL_ID)
    (finished / 'imageFiles/synth_train_000/1.jpg').unlink()
    assert not is_complete(finished, SMALL, MODEL_ID)


def test_an_unfinished_run_does_not_pass(finished):
    for path in finished.glob('*.json'):
        path.unlink()
    assert not is_complete(finished, SMALL, MODEL_ID)
    with pytest.raises(FileExistsError, match='unfinished run.*--overwrite'):
        clear_folder(finished, overwrite=False)


def test_overwriting_removes_our_files_only(finished):
    (finished / '.synth_oc_train-x1.json').touch()
    clear_folder(finished, overwrite=True)
    assert list(finished.iterdir()) == []
    (finished / 'thesis.tex').touch()
    with pytest.raises(FileExistsError, match=r'other things \(thesis\.tex\)'):
        clear_folder(finished, overwrite=True)
    assert (finished / 'thesis.tex').exists()
    (finished / 'thesis.tex').unlink()
    (finished / 'imageFiles/courtyard_hug_00').mkdir(parents=True)
    with pytest.raises(FileExistsError, match='courtyard_hug_00'):
        clear_folder(finished, overwrite=True)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train': -1, 'test': 1}, 'train must be at least 0, got -1'),
        ({'train': 0, 'test': 0}, 'nothing to write'),
        ({'train': 1, 'test': 0, 'image_size': 8}, 'image_size must be at least 64, got 8'),
        ({'train': 1, 'test': 0, 'seed': -2}, 'seed must be at least 0'),
    ],
)
def test_bad_requests(options, message):
    with pytest.raises(ValueError, match=message):
        DatasetRequest(**options)


def test_bad_workers_and_paths(tmp_path):
    with pytest.raises(ValueError, match='workers must be at least 1, got 0'):
        write_dataset(tmp_path / 'new', SMALL, workers=0)
    (tmp_path / 'file').touch()
    with pytest.raises(FileExistsError, match='is a file'):
        write_dataset(tmp_path / 'file', SMALL)
