import numpy as np
import pytest
import torch
from torch import nn

from dpmesh_plugin.datasets import LatentCacheDataset, mesh_collate
from dpmesh_plugin.engine.hooks import LatentCacheHook
from dpmesh_plugin.engine.latent_cache import caches_of, write_latent_cache
from dpmesh_plugin.registry import DATASETS, MODELS
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset

TRANSFORMER = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 16, 'dropout': 0.0}
PIPELINE = [
    {'type': 'LoadMeshImage', 'on_error': 'skip'},
    {'type': 'RandomScaleRotateFlip'},
    {
        'type': 'BodyModelKeypoints',
        'body_model': {'type': 'SMPL', 'genders': ('neutral', 'male', 'female')},
    },
    {'type': 'SMPLTargets', 'ignored_joints': ()},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox', 'margin': (1.0, 1.2)},
    {'type': 'TopdownAffine', 'absent_keypoints': 'zero'},
    {'type': 'RandomChannelScale'},
]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synth_oc')
    request = DatasetRequest(train=3, val=0, test=0, seed=0, image_size=128, supersample=1)
    write_dataset(folder, request, workers=1)
    return folder


@pytest.fixture(scope='module')
def people(folder):
    config = {'type': 'PW3DDataset', 'subset': 'train', 'ann_file': 'synth_oc_train.json'}
    return {**config, 'data_root': str(folder)}


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    unet = {'block_out_channels': (8, 8, 16), 'layers_per_block': 1, 'cross_attention_dim': 8}
    vae = {'block_out_channels': (4, 4, 4, 4), 'layers_per_block': 1, 'norm_num_groups': 4}
    backbone = {
        'type': 'DiffusionPriorBackbone',
        'unet': {**unet, 'attention_head_dim': 2, 'norm_num_groups': 4},
        'vae': vae,
        'controlnet': {},
        'lora': {'rank': 2},
        'attention_strides': (16,),
    }
    head = {
        'type': 'SMPLTokenHead',
        'body_model': {'type': 'SMPL'},
        'pose_decoder': {'type': 'ContinuousPoseDecoder'},
        'volume': {'type': 'FeatureVolume', 'channels': 8, 'size': (4, 8, 8), **TRANSFORMER},
        'image_transformer': {'type': 'ImageTransformer', **TRANSFORMER},
        'decoder': {'type': 'TokenDecoder', **TRANSFORMER},
    }
    neck = {'type': 'KeypointConditionNeck', 'out_channels': 16, 'joint_drop': 0.0}
    config = {'type': 'MeshEstimator', 'backbone': backbone, 'neck': neck, 'head': head}
    return MODELS.build(config)


def cached(people, cache, **options):
    inner = {**people, 'pipeline': PIPELINE}
    return {'type': 'LatentCacheDataset', 'dataset': inner, 'cache': cache, 'views': 2, **options}


def write(model, config, **options):
    dataset = DATASETS.build({**config, 'lazy_init': True})
    return dataset, write_latent_cache(model, dataset, **options)


def losses(model, items):
    data = model.data_preprocessor(mesh_collate(items))
    return model(**data, mode='loss')


def test_losses_are_those_of_the_crops(model, people):
    config = cached(people, 'equal')
    seen = []
    write(model, config, batch_size=3, report=lambda done, total: seen.append((done, total)))
    dataset = DATASETS.build(config)
    assert isinstance(dataset, LatentCacheDataset)
    assert seen[-1] == (2 * len(dataset), 2 * len(dataset))
    plain = DATASETS.build({**people, 'pipeline': [*PIPELINE, {'type': 'PackMeshInputs'}]})
    for view in range(2):
        # Draw 1 + view of the plain data set; a draw that means this view for the cached one.
        crops = [plain[(1 + view) * len(plain) + i] for i in range(2)]
        latents = [dataset[(2 + view) * len(plain) + i] for i in range(2)]
        assert 'latents' in latents[0]
        expected = losses(model, crops)
        for name, value in losses(model, latents).items():
            torch.testing.assert_close(value, expected[name], rtol=1e-5, atol=1e-6, msg=name)


def test_skipped_images_are_listed(model, people, folder):
    images = sorted((folder / 'imageFiles').rglob('*.jpg'))
    content = images[0].read_bytes()
    images[0].write_bytes(b'')
    try:
        dataset, _ = write(model, cached(people, 'skipped'), batch_size=1)
    finally:
        images[0].write_bytes(content)
    hidden = [
        i for i in range(len(dataset)) if dataset.get_data_info(i)['img_path'] == str(images[0])
    ]
    assert sorted(dataset.file.skipped) == hidden
    assert (dataset.file.latents[:, hidden] == 0).all()
    shown = dataset.file.latents[:, [i for i in range(len(dataset)) if i not in hidden]]
    assert np.abs(shown).max(axis=(2, 3, 4)).min() > 0


def test_an_interrupted_cache_is_none(model, people):
    def stop(done, total):
        raise KeyboardInterrupt

    config = cached(people, 'interrupted')
    with pytest.raises(KeyboardInterrupt):
        write(model, config, batch_size=2, report=stop)
    with pytest.raises(FileNotFoundError, match='expected a latent cache'):
        DATASETS.build(config)


class Run:
    """What the hook reads of a runner."""

    def __init__(self, model, dataset) -> None:
        self.model = model
        self.train_dataloader = torch.utils.data.DataLoader(dataset)


def test_another_encoder_is_refused(model, people):
    config = cached(people, 'encoder')
    write(model, config)
    hook, dataset = LatentCacheHook(), DATASETS.build(config)
    run = Run(model, dataset)
    hook.before_train(run)
    weight = model.backbone.vae.quant_conv.weight
    weight.data.add_(1)
    try:
        with pytest.raises(ValueError, match='come from another encoder'):
            hook.before_train(run)
    finally:
        weight.data.sub_(1)
    weight.requires_grad_(True)
    with pytest.raises(ValueError, match='trainable names the autoencoder'):
        hook.before_train(run)
    weight.requires_grad_(False)
    other = nn.Module()
    other.backbone = nn.Linear(1, 1)
    with pytest.raises(ValueError, match='Linear reads images, but the training data are latents'):
        hook.before_train(Run(other, dataset))


def test_caches_are_found_in_mixtures(model, people):
    config = cached(people, 'mixture')
    write(model, config)
    mixed = {'type': 'MixedMeshDataset', 'groups': {'all': [config, config]}}
    mixture = DATASETS.build(mixed)
    assert len(list(caches_of(mixture))) == 2
    repeated = DATASETS.build({'type': 'RepeatDataset', 'dataset': mixed, 'times': 2})
    assert len(list(caches_of(repeated))) == 2
    assert 'latents' in mixture[len(mixture) + 1]
    plain = DATASETS.build({**people, 'pipeline': []})
    assert list(caches_of(plain)) == []
