"""Checkpoints are chosen by a validation, never by the test, and results say so."""

import json

import pytest
from mmengine.dataset import BaseDataset

from dpmesh_plugin.engine.selection import check_unseen
from dpmesh_plugin.registry import DATASETS


@pytest.fixture
def split(synth_oc):
    """Config of a split of SynthOC."""

    def make(name, **options):
        files = {'ann_file': f'synth_oc_{name}.json', 'data_root': str(synth_oc)}
        return {'type': 'PW3DDataset', 'pipeline': [{'type': 'Unknown'}], **files, **options}

    return make


def _built(config):
    if 'ann_file' in config:
        config = {**config, 'pipeline': []}
    return DATASETS.build(config)


def test_validation_and_test_are_compared_by_their_images(split):
    check_unseen(_built(split('val')), split('test'))
    with pytest.raises(ValueError, match=r'by 2 of the 2 images .*synth_test_000/image_00000\.jpg'):
        check_unseen(_built(split('test')), split('test', subset='oc'))
    mixture = _built({'type': 'MixedMeshDataset', 'groups': {'a': [split('val', pipeline=[])]}})
    with pytest.raises(ValueError, match='by 1 of the 1 images'):
        check_unseen(mixture, split('val', indices=[0]))


def test_what_cannot_be_compared_is_no_error(split):
    check_unseen(_built(split('val')), split('nowhere'))
    check_unseen(BaseDataset(lazy_init=True), split('test'))
    check_unseen(_built(split('val')), {'type': 'ConcatDataset'})
    check_unseen(_built(split('val')), None)


def test_the_result_says_how_the_checkpoint_was_chosen(launch):
    run = launch('train_cfg.val_interval=2', 'train_cfg.max_iters=2', 'custom_hooks=[]')
    assert run.codes == [0], run.end
    for name, rule in (('best_MPJPE_iter_2.pth', 'best'), ('iter_2.pth', 'last')):
        checkpoint = str(run.work_dir / name)
        tested = launch(tool='test.py', flags=[checkpoint], work_dir=run.work_dir)
        assert tested.codes == [0], tested.end
        protocol = json.loads((run.work_dir / 'metrics.json').read_text())['protocol']
        selection = protocol['checkpoint_selection']
        assert (selection['rule'], selection['iter']) == (rule, 2)
    chosen = run.checkpoint('best_MPJPE_iter_2.pth')['meta']['selection']
    assert (chosen['metric'], chosen['dataset'], chosen['split']) == (
        'MPJPE',
        'SynthOC',
        'validation',
    )


def test_choosing_by_the_test_set_is_refused(launch):
    run = launch('val_dataloader.dataset.ann_file=synth_oc_test.json')
    assert run.codes == [1]
    assert 'ValueError: save_best would choose the checkpoint by 2 of the 2 images' in run.log
