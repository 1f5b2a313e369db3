from dpmesh_plugin.evaluation import benchmark_title
from dpmesh_plugin.evaluation.protocol import weights_under_test


def test_only_smpl_bears_the_plain_name_of_a_benchmark():
    meta = {'dataset_name': '3DPW', 'subset': 'oc'}
    assert benchmark_title(meta, 'smpl-a1b2c3d4') == '3DPW (oc)'
    assert benchmark_title(meta, 'openbody-1') == '3DPW (oc), measured on openbody-1'
    assert benchmark_title({'dataset_name': 'SynthOC'}, 'smpl-1') == 'SynthOC'


def test_facts_that_nobody_stated_are_none():
    assert weights_under_test()['checkpoint_sha256'] is None
