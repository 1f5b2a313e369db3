import pytest

from dpmesh_plugin.utils.config import load_config, loader_of, splits_of

TEXT = """
body_model = dict(type='SMPL', path='licensed', genders=('neutral',))
data_root = 'data/a'
model = dict(head=dict(body_model=body_model), backbone=dict(width=8))
train_dataloader = dict(dataset=dict(data_root='data/other'))
test_dataloader = dict(dataset=dict(data_root=data_root))
test_evaluator = [dict(type='MeshMetric', body_model=body_model)]
"""


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(TEXT)
    return path


def test_an_option_on_a_shared_entry_reaches_every_user(config_file):
    options = {'body_model.path': None, 'body_model.genders': ['male'], 'data_root': 'data/b'}
    cfg = load_config(config_file, options)
    expected = {'type': 'SMPL', 'path': None, 'genders': ['male']}
    assert cfg.body_model == cfg.model.head.body_model == expected
    assert cfg.test_evaluator[0].body_model == expected
    assert cfg.test_dataloader.dataset.data_root == 'data/b'


def test_an_entry_with_another_value_is_left_alone(config_file):
    cfg = load_config(config_file, {'data_root': 'data/b'})
    assert cfg.train_dataloader.dataset.data_root == 'data/other'


def test_any_other_option_changes_its_own_place_only(config_file):
    cfg = load_config(config_file, {'model.backbone.width': 16})
    assert cfg.model.backbone.width == 16
    assert cfg.body_model.path == 'licensed'


def test_a_misspelt_top_level_key_is_refused(config_file):
    config_file.write_text(TEXT + 'optim_wraper = dict()\n')
    with pytest.raises(KeyError, match=r'config.py sets optim_wraper.*optim_wrapper'):
        load_config(config_file)


def test_a_missing_config_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / 'none.py')):
        load_config(tmp_path / 'none.py')


def test_what_the_runner_reads_beside_its_arguments_is_known(config_file):
    config_file.write_text(TEXT + 'find_unused_parameters = True\n')
    assert load_config(config_file).find_unused_parameters


def test_the_splits_of_a_config(config_file):
    cfg = load_config(config_file, {'val_dataloader': None})
    assert splits_of(cfg) == ['train', 'test']
    assert loader_of(cfg, 'train').dataset.data_root == 'data/other'
    with pytest.raises(KeyError, match=r'config\.py has no val_dataloader; it has: train, test'):
        loader_of(cfg, 'val')


PIPELINES = """
train_pipeline = [dict(type='A', p=0.5), dict(type='B')]
train_dataloader = dict(dataset=dict(dataset=dict(data_root='data/a', pipeline=train_pipeline)))
"""


def test_an_option_on_a_pipeline_reaches_the_data_set(config_file):
    config_file.write_text(TEXT + PIPELINES)
    cfg = load_config(config_file, {'train_pipeline.0.p': 0.0, 'train_pipeline.1.q': 1})
    assert cfg.train_pipeline == [{'type': 'A', 'p': 0.0}, {'type': 'B', 'q': 1}]
    assert cfg.train_dataloader.dataset.dataset.pipeline == cfg.train_pipeline


def test_an_option_that_reaches_nothing_is_refused(config_file):
    config_file.write_text(TEXT + PIPELINES + 'train_pipeline = []\n')
    with pytest.raises(KeyError, match=r'those of train_dataloader\.dataset\.dataset\.pipeline'):
        load_config(config_file, {'train_pipeline': [{'type': 'C'}]})


@pytest.mark.parametrize('change', ["data_root = 'data/mine'", "body_model = dict(path='mine')"])
def test_a_child_that_changes_what_nothing_reads_is_refused(change, config_file, tmp_path):
    child = tmp_path / 'child.py'
    child.write_text(f"_base_ = './config.py'\n{change}\n")
    name = change.split()[0]
    with pytest.raises(KeyError, match=rf'child.py sets {name}, which nothing reads'):
        load_config(child)


CHANGED = "[step for step in _base_.train_pipeline if step['type'] != 'A']"


def _child(config_file, text):
    config_file.write_text(TEXT + PIPELINES)
    child = config_file.with_name('child.py')
    child.write_text(f"_base_ = './config.py'\n{text}\n")
    return child


@pytest.mark.parametrize(
    'text', [f'train_pipeline = {CHANGED}', "train_pipeline = []\ntrain_pipeline.append('C')"]
)
def test_a_child_whose_pipeline_no_loader_gets_is_refused(config_file, text):
    expected = (
        r'child.py sets train_pipeline, which nothing reads: the pipelines in use are those of '
        r'train_dataloader.dataset.dataset.pipeline. Set them as well'
    )
    with pytest.raises(KeyError, match=expected):
        load_config(_child(config_file, text))


@pytest.mark.parametrize('used', ['train_pipeline', 'train_pipeline[1:]'])
def test_a_child_may_write_a_pipeline_and_use_it_or_a_part(config_file, used):
    text = "train_pipeline = [dict(type='C'), dict(type='D')]\n"
    loader = f'train_dataloader = dict(dataset=dict(dataset=dict(pipeline={used})))'
    cfg = load_config(_child(config_file, text + loader))
    assert cfg.train_dataloader.dataset.dataset.pipeline[-1] == {'type': 'D'}


def test_an_inherited_pipeline_may_be_left_over(config_file):
    loader = "train_dataloader = dict(dataset=dict(dataset=dict(pipeline=[dict(type='C')])))"
    cfg = load_config(_child(config_file, loader))
    assert cfg.train_pipeline == [{'type': 'A', 'p': 0.5}, {'type': 'B'}]
