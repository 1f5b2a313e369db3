import pytest
import torch
from mmengine.runner import save_checkpoint

from dpmesh_plugin.models import KeypointConditionNeck, MeshDataPreprocessor, MeshEstimator
from dpmesh_plugin.registry import MODELS

BACKBONE = {
    'type': 'DiffusionPriorBackbone',
    'unet': {
        'block_out_channels': (8, 8, 16, 16),
        'layers_per_block': 1,
        'cross_attention_dim': 12,
        'attention_head_dim': 2,
        'norm_num_groups': 4,
    },
    'vae': {'block_out_channels': (4, 4, 8, 8), 'layers_per_block': 1, 'norm_num_groups': 4},
    'controlnet': {},
    'lora': {'rank': 2},
}


@pytest.fixture
def config(tiny_head):
    head = {name: value for name, value in tiny_head.items() if name != 'in_channels'}
    head['volume'] = {**head['volume'], 'size': (4, 8, 8)}
    neck = {'type': 'KeypointConditionNeck', 'out_channels': 16, 'joint_drop': 0.0}
    return {'type': 'MeshEstimator', 'backbone': BACKBONE, 'neck': neck, 'head': head}


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    model = MODELS.build(config)
    for name, parameter in model.named_parameters():
        if '.lora_B.' in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


@pytest.fixture
def inputs():
    return torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(1))


def test_sizes_travel_from_part_to_part(model):
    assert isinstance(model, MeshEstimator)
    assert isinstance(model.data_preprocessor, MeshDataPreprocessor)
    assert model.neck.keypoint_lift.out_features == 12
    assert len(model.neck.attention_levels) == 2
    assert model.head.volume.lift.in_channels == 16
    assert model.body_model is model.head.body_model


def test_built_parts_and_given_sizes_are_kept(model, config):
    neck = KeypointConditionNeck(in_channels=(8,), in_strides=(8,), out_channels=16)
    other = MeshEstimator(backbone=model.backbone, neck=neck, head=model.head)
    assert other.backbone is model.backbone
    assert other.neck is neck
    with pytest.raises(ValueError, match='in_channels has 1 entries, in_strides 4'):
        MODELS.build({**config, 'neck': {**config['neck'], 'in_channels': (8,)}})


@torch.no_grad()
def test_tensor_and_predict_agree(model, inputs, make_samples):
    output = model(inputs, make_samples(2))
    samples = make_samples(2)
    predicted = model(inputs, samples, mode='predict')
    assert predicted[0] is samples[0]
    vertices = torch.cat([sample.pred_instances.vertices for sample in predicted])
    torch.testing.assert_close(vertices, output.vertices)


@torch.no_grad()
def test_a_batch_equals_its_samples(model, inputs, make_samples):
    together = model(inputs, make_samples(2), mode='predict')
    for index, sample in enumerate(make_samples(2)):
        (alone,) = model(inputs[index : index + 1], [sample], mode='predict')
        for field, expected in alone.pred_instances.items():
            actual = together[index].pred_instances[field]
            torch.testing.assert_close(actual, expected, atol=1e-4, rtol=1e-4)


def test_gradients_reach_what_is_trained_and_nothing_else(model, inputs, make_samples):
    losses = model.train()(inputs, make_samples(2), mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    reached = {name for name, value in model.named_parameters() if value.grad is not None}
    assert reached == trained
    assert not any(name.startswith(('backbone.vae.', 'head.pose_decoder.')) for name in trained)
    assert any('.lora_' in name for name in trained)


def test_train_step_of_the_runner(model, make_samples):
    crops = [torch.zeros(3, 256, 256, dtype=torch.uint8) for _ in range(2)]
    data = model.data_preprocessor({'inputs': crops, 'data_samples': make_samples(2)})
    losses = model(**data, mode='loss')
    total, log = model.parse_losses(losses)
    summed = sum(value for name, value in losses.items() if name.startswith('loss_'))
    torch.testing.assert_close(total, summed)
    assert 'smpl_pose' in log


def test_weights_are_loaded_from_init_cfg(model, config, tmp_path):
    path = str(tmp_path / 'weights.pth')
    save_checkpoint({'state_dict': model.state_dict()}, path)
    other = MODELS.build({**config, 'init_cfg': {'type': 'Pretrained', 'checkpoint': path}})
    other.init_weights()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, rtol=0, atol=0)


@torch.no_grad()
def test_encoded_crops_take_the_place_of_crops(model, inputs, make_samples):
    latents = model.backbone.encode_image(inputs)[:, : model.backbone.latent_channels]
    expected = model(inputs, make_samples(2)).joints
    torch.testing.assert_close(model(None, make_samples(2), latents=latents).joints, expected)
    with pytest.raises(ValueError, match='either inputs or latents, got 2 of the two'):
        model(inputs, make_samples(2), latents=latents)


def test_what_is_trained_is_a_config_entry(config, inputs, make_samples):
    model = MODELS.build({**config, 'trainable': ('backbone.lora', 'neck', 'head.decoder')})
    total, _ = model.parse_losses(model(inputs, make_samples(2), mode='loss'))
    total.backward()
    reached = {name for name, value in model.named_parameters() if value.grad is not None}
    assert reached == {name for name, value in model.named_parameters() if value.requires_grad}
    parts = {name.split('.')[0] if '.lora_' not in name else 'lora' for name in reached}
    assert parts == {'lora', 'neck', 'head'}
    assert all(name.startswith('head.decoder.') for name in reached if name.startswith('head'))
    with pytest.raises(ValueError, match=r"\['head.pose_decoder'\], which cover no parameter"):
        MODELS.build({**config, 'trainable': ('neck', 'head.pose_decoder')})


def test_unknown_mode_and_missing_samples_are_refused(model, inputs, make_samples):
    with pytest.raises(ValueError, match=r"mode \('loss', 'predict', 'tensor'\), got 'test'"):
        model(inputs, make_samples(2), mode='test')
    with pytest.raises(ValueError, match='either inputs or latents, got 0 of the two'):
        model(None, make_samples(2))
    with pytest.raises(ValueError, match='got 2 inputs and None samples'):
        model(inputs)
    with pytest.raises(ValueError, match='got 2 inputs and 1 samples'):
        model(inputs, make_samples(1))


def test_a_blind_model_needs_no_image_and_another_continues_from_it(
    config, model, inputs, make_samples
):
    embedding = {'type': 'PromptEmbedding', 'width': 8}
    config['neck'] |= {'embedding': embedding, 'inject_heatmaps': False}
    parts = {name: config['head'][name] for name in ('body_model', 'pose_decoder')}
    config['head'] = {'type': 'ReadoutHead', **parts}
    blind = MODELS.build({**config, 'backbone': {'type': 'BlindBackbone'}})
    samples = make_samples(2)
    losses = blind(data_samples=samples, mode='loss')
    assert all(torch.isfinite(value) for value in losses.values())
    seeing = MODELS.build(config)
    for part in ('neck.embedding', 'head'):
        seeing.get_submodule(part).load_state_dict(blind.get_submodule(part).state_dict())
    expected = blind.eval()(data_samples=samples)
    torch.testing.assert_close(seeing.eval()(inputs, samples).joints, expected.joints)
    with pytest.raises(ValueError, match='either inputs or latents, got 0'):
        seeing(data_samples=samples)
    with pytest.raises(ValueError, match="got 'test'"):
        blind(data_samples=samples, mode='test')
    with pytest.raises(ValueError, match='expected data samples'):
        blind()


def test_an_unknown_prompt_is_refused(config):
    with pytest.raises(ValueError, match="expected train_prompt .* got 'clean'"):
        MODELS.build({**config, 'train_prompt': 'clean'})


def test_an_auxiliary_head_adds_terms_to_the_loss(config, inputs, make_samples, open_body):
    torch.manual_seed(0)
    auxiliary = {'type': 'BodySurfaceHead', 'body_model': open_body}
    model = MODELS.build({**config, 'auxiliary': auxiliary})
    assert model.auxiliary.predict_cells[0].in_channels == 16
    losses = model(inputs, make_samples(2), mode='loss')
    plain = MODELS.build(config)(inputs, make_samples(2), mode='loss')
    assert set(losses) - set(plain) == {
        'loss_surface_mask',
        'loss_surface_depth',
        'loss_surface_place',
    }
