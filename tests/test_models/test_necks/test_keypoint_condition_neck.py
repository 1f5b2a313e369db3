import dataclasses

import pytest
import torch

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, KeypointPrompt

SIZES = {'in_channels': (6, 8, 10, 10), 'in_strides': (8, 16, 32, 64)}
CONFIG = {
    'type': 'KeypointConditionNeck',
    **SIZES,
    'attention_strides': (16, 32),
    'keypoint_set': 'crowdpose_14',
    'out_channels': 12,
    'token_dim': 5,
}


@pytest.fixture
def prompt():
    """Two persons; the second keypoint of the first is masked."""
    keypoints = torch.rand(2, 14, 2, generator=torch.Generator().manual_seed(0)) * 256
    keypoints[0, 0] = torch.tensor([24.0, 40.0])
    visible = torch.ones(2, 14)
    visible[0, 1] = 0
    return KeypointPrompt(keypoints, torch.ones(2, 14), visible)


@pytest.fixture
def output():
    torch.manual_seed(0)
    features = tuple(
        torch.randn(2, channels, 256 // stride, 256 // stride)
        for channels, stride in zip(*SIZES.values(), strict=True)
    )
    return BackboneOutput(features, (torch.rand(2, 14, 16, 16), torch.rand(2, 14, 8, 8)))


def test_encode(prompt):
    neck = MODELS.build(CONFIG).eval()
    condition = neck.encode(prompt)
    assert condition.heatmaps.shape == (2, 14, 32, 32)
    # 24, 40 px are cell 3, 5.
    assert condition.heatmaps[0, 0].argmax() == 5 * 32 + 3
    assert condition.heatmaps[0, 1].max() == 0
    assert condition.heatmaps[1, 1].max() > 0.5
    lift = neck.keypoint_lift
    expected = lift.weight @ torch.tensor([24 / 256, 40 / 256]) + lift.bias
    torch.testing.assert_close(condition.tokens[0, 0], expected)
    assert condition.tokens[0, 1].abs().max() > 0


def test_masked_tokens_are_a_switch(prompt):
    condition = MODELS.build({**CONFIG, 'mask_tokens': True}).eval().encode(prompt)
    assert condition.tokens[0, 1].abs().max() == 0
    assert condition.tokens[1, 1].abs().max() > 0


def test_an_empty_prompt_knows_no_keypoints(prompt):
    neck = MODELS.build({**CONFIG, 'keypoint_tokens': False}).eval()
    moved = KeypointPrompt(prompt.keypoints + 20, prompt.scores, 1 - prompt.visible)
    tokens = neck.encode(prompt).tokens
    assert tokens.shape == (2, 14, 5)
    assert torch.equal(tokens, neck.encode(moved).tokens)
    assert torch.equal(tokens[0], tokens[1])
    assert (tokens[0, 0] - tokens[0, 1]).abs().min() > 0
    tokens[:, 0].sum().backward()
    assert neck.empty_prompt.grad[0].tolist() == [2.0] * 5


def test_half_precision_keeps_the_coordinates_of_tokens(prompt):
    neck = MODELS.build(CONFIG).eval().bfloat16()
    moved = KeypointPrompt(prompt.keypoints + 0.1, prompt.scores, prompt.visible)
    step = neck.encode(moved).tokens - neck.encode(prompt).tokens
    expected = (neck.keypoint_lift.weight.float().sum(dim=1) * 0.1 / 256).expand_as(step)
    torch.testing.assert_close(step, expected, atol=1e-6, rtol=1e-2)


def test_training_hides_some_heatmaps_and_no_tokens(prompt):
    torch.manual_seed(0)
    neck = MODELS.build({**CONFIG, 'joint_drop': 0.5})
    training, testing = neck.encode(prompt), neck.eval().encode(prompt)
    hidden = (testing.mask - training.mask).sum().item()
    assert 5 < hidden < 22
    assert torch.equal(training.heatmaps.amax(dim=(2, 3)) > 0, training.mask > 0)
    assert torch.equal(training.tokens, testing.tokens)


def test_forward_fuses_every_map(prompt, output):
    neck = MODELS.build(CONFIG)
    condition = neck.encode(prompt)
    fused = neck(output, condition)
    assert fused.shape == (2, neck.out_channels, 8, 8)
    # 6 + (8 + 14) + (10 + 14) + 10
    assert neck.fuse[0].in_channels == 62
    for each in [*output.features, *output.attention]:
        each.requires_grad_()
    (neck(output, condition).square().sum() + condition.tokens.sum()).backward()
    for each in [*output.features, *output.attention]:
        assert each.grad.abs().max() > 0
    assert [name for name, p in neck.named_parameters() if p.grad is None] == []


def test_batch_equals_its_samples(prompt, output):
    neck = MODELS.build(CONFIG).eval()
    together = neck(output, neck.encode(prompt))
    second = slice(1, 2)
    features, attention = (
        tuple(each[second] for each in maps) for maps in (output.features, output.attention)
    )
    alone = neck(
        BackboneOutput(features, attention),
        neck.encode(
            KeypointPrompt(prompt.keypoints[second], prompt.scores, prompt.visible[second])
        ),
    )
    torch.testing.assert_close(alone, together[second], atol=1e-5, rtol=1e-4)


def test_heatmaps_are_injected_where_the_backbone_takes_no_condition(prompt, output):
    neck = MODELS.build({**CONFIG, 'attention_strides': ()}).eval()
    plain = BackboneOutput(output.features)
    condition = neck.encode(prompt)
    moved = KeypointPrompt(prompt.keypoints + 20, prompt.scores, prompt.visible)
    assert neck.fuse[0].in_channels == 6 + 8 + 10 + 10 + 14
    difference = neck(plain, condition) - neck(plain, neck.encode(moved))
    assert difference.abs().max() > 1e-5


def test_coarse_cells_are_repeated():
    neck = MODELS.build(
        {**CONFIG, 'in_channels': (3,), 'in_strides': (64,), 'attention_strides': ()}
    )
    coarse = torch.arange(4.0).view(1, 1, 2, 2)
    assert neck.branches[0](coarse)[0, 0, 0].tolist() == [0, 0, 1, 1]


def test_published_sizes():
    published = {'in_channels': (320, 640, 1280, 1280), 'in_strides': (8, 16, 32, 64)}
    with torch.device('meta'):
        neck = MODELS.build(
            {'type': 'KeypointConditionNeck', **published, 'attention_strides': (16, 32)}
        )
    assert neck.fuse[0].weight.shape == (2048, 3580, 1, 1)
    fusing = [p for name, p in neck.named_parameters() if 'keypoint_lift' not in name]
    assert sum(p.numel() for p in fusing) == 13_223_234


def test_wrong_sizes(prompt):
    with pytest.raises(ValueError, match='in_channels has 4 entries, in_strides 3'):
        MODELS.build({**CONFIG, 'in_strides': (8, 16, 32)})
    with pytest.raises(ValueError, match=r'attention_strides has \[4\]'):
        MODELS.build({**CONFIG, 'attention_strides': (4,)})
    with pytest.raises(ValueError, match=r'shape \(B, 30, 2\), got \(2, 14, 2\)'):
        MODELS.build({**CONFIG, 'keypoint_set': 'dpmesh_30'}).encode(prompt)


def test_an_embedding_of_the_prompt_is_added_to_every_cell(prompt, output):
    embedding = {'type': 'PromptEmbedding', 'width': 8}
    neck = MODELS.build({**CONFIG, 'embedding': embedding}).eval()
    condition = neck.encode(prompt)
    assert condition.embedding.shape == (2, 12)
    everywhere = condition.embedding[..., None, None].expand(-1, -1, 8, 8)
    torch.testing.assert_close(neck(output, condition), everywhere)
    with torch.no_grad():
        neck.map_scale.fill_(2)
    plain = neck(output, dataclasses.replace(condition, embedding=None))
    places = plain - plain.mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(neck(output, condition), 2 * places + everywhere)
    assert MODELS.build(CONFIG).encode(prompt).embedding is None


def test_what_the_map_is_made_of_where_there_are_no_features(prompt):
    blind = {**CONFIG, 'in_channels': (), 'in_strides': (), 'attention_strides': ()}
    embedding = {'type': 'PromptEmbedding', 'width': 8}
    neck = MODELS.build({**blind, 'inject_heatmaps': False, 'embedding': embedding}).eval()
    condition = neck.encode(prompt)
    fused = neck(BackboneOutput(()), condition)
    torch.testing.assert_close(fused, condition.embedding[..., None, None])
    with pytest.raises(ValueError, match='feature maps, heatmaps or an embedding'):
        MODELS.build({**blind, 'inject_heatmaps': False})


def test_normalised_features_count_whatever_their_scale(prompt, output):
    torch.manual_seed(0)
    neck = MODELS.build({**CONFIG, 'inject_heatmaps': True, 'norm_features': True}).eval()
    condition = neck.encode(prompt)
    faint = tuple(each * 0.1 for each in output.features)
    fused = neck(output, condition)
    torch.testing.assert_close(
        neck(dataclasses.replace(output, features=faint), condition), fused, rtol=0, atol=0.05
    )
    blank = tuple(torch.zeros_like(each) for each in output.features)
    assert (neck(dataclasses.replace(output, features=blank), condition) - fused).abs().max() > 0.5


def test_heatmaps_alone_make_a_map(prompt):
    neck = MODELS.build(
        {**CONFIG, 'in_channels': (), 'in_strides': (), 'attention_strides': (), 'out_stride': 32}
    )
    assert neck(BackboneOutput(()), neck.encode(prompt)).shape == (2, 12, 8, 8)
