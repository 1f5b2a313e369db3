import json
from functools import partial

import numpy as np

from dpmesh_plugin.profiling import profile_index, repeat_annotations
from dpmesh_plugin.registry import DATASETS


def test_repeated_annotations_are_the_same_people_under_new_ids(synth_oc, tmp_path):
    source = synth_oc / 'synth_oc_train.json'
    before = json.loads(source.read_text())
    path = repeat_annotations(source, 11, tmp_path)
    after = json.loads(path.read_text())
    assert [row['id'] for row in after['annotations']] == list(range(11))
    images = {image['id']: image for image in after['images']}
    assert len(images) == len(after['images'])
    count = len(before['annotations'])
    names = {image['id']: image['file_name'] for image in before['images']}
    for index, row in enumerate(after['annotations']):
        original = before['annotations'][index % count]
        assert row['bbox'] == original['bbox']
        assert images[row['image_id']]['file_name'] == names[original['image_id']]


def test_arrays_beside_the_file_are_repeated_too(tmp_path):
    folder = tmp_path / 'source'
    folder.mkdir()
    rows = [{'id': 7, 'image_id': 3}, {'id': 9, 'image_id': 3}]
    content = {'info': {'arrays': 'a.npz'}, 'images': [{'id': 3}], 'annotations': rows}
    (folder / 'a.json').write_text(json.dumps(content))
    np.savez(folder / 'a.npz', id=[7, 9], bbox=np.arange(8).reshape(2, 4))
    repeat_annotations(folder / 'a.json', 3, tmp_path)
    with np.load(tmp_path / 'a.npz') as arrays:
        assert arrays['id'].tolist() == [0, 1, 2]
        assert arrays['bbox'][:, 0].tolist() == [0, 4, 0]


def test_workers_share_the_index(synth_oc, tmp_path):
    path = repeat_annotations(synth_oc / 'synth_oc_train.json', 3000, tmp_path)
    config = {'type': 'PW3DDataset', 'data_root': str(synth_oc), 'ann_file': str(path)}
    profile = profile_index(partial(DATASETS.build, config))
    assert profile.people == 3000
    assert profile.seconds > 0
    assert profile.index_bytes > 3000 * 500
    if profile.worker_bytes is not None:
        assert profile.worker_bytes < 0.5 * profile.index_bytes
