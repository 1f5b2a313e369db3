import pytest
import torch

from dpmesh_plugin.profiling import built_model_cost, model_cost, total_cost
from dpmesh_plugin.profiling.cost import SavedTensors
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.config import load_config


def test_flops_and_activations_by_hand(plain_model):
    costs = {cost.name: cost for cost in built_model_cost(plain_model, batch_size=2, input_size=16)}
    pixels = 2 * 16 * 16
    assert costs['backbone'].flops == 2 * pixels * 3 * 9 * 4
    assert costs['neck'].flops == 2 * 2 * 4 * 8
    assert costs['head'].flops == 2 * 2 * 8 * 6
    assert costs['body model'].flops == 2 * 2 * 6 * 6
    # The backbone is frozen; a linear layer keeps its float32 input.
    assert costs['backbone'].activation_bytes == 0
    assert costs['neck'].activation_bytes == 2 * 4 * 4
    assert costs['head'].activation_bytes == 2 * 8 * 4
    assert costs['body model'].activation_bytes == 2 * 6 * 4


def test_memory_kept_twice_counts_once():
    weight, inputs = torch.ones(3, 3, requires_grad=True), torch.ones(2, 3)
    saved = SavedTensors([weight])
    with saved.hooks():
        _ = inputs @ weight + inputs.view(3, 2).T @ weight.T
    assert saved.get_total_bytes() == inputs.nbytes


def test_a_model_without_memory_costs_what_a_real_one_does(tiny_config):
    real, counted = built_model_cost(MODELS.build(tiny_config)), model_cost(tiny_config)
    for cost, other in zip(counted, real, strict=True):
        assert (cost.name, cost.parameters) == (other.name, other.parameters)
        assert cost.trainable == other.trainable
        assert cost.flops == other.flops > 0
        # The memory order that a kernel chooses may cost a copy of a small map.
        assert cost.activation_bytes == pytest.approx(other.activation_bytes, rel=1e-3)
    assert [cost.name for cost in real if not cost.activation_bytes] == ['VAE']


def test_the_published_model(repo_root):
    cfg = load_config(repo_root / 'configs/dpmesh_3dpw_oc.py', {'body_model.path': None})
    costs = model_cost(cfg.model)
    millions = {cost.name: cost.parameters / 1e6 for cost in costs}
    # Parity README, section 4; the UNet with its adapters.
    published = {'VAE': 34.2, 'UNet': 859.5 + 19.9, 'control branch': 360.3, 'neck': 13.2}
    for name, expected in (published | {'head': 15.4}).items():
        assert millions[name] == pytest.approx(expected, abs=0.1)
    adapters = next(cost for cost in costs if cost.name == 'UNet').trainable
    assert adapters / 1e6 == pytest.approx(19.9, abs=0.1)
    assert total_cost(costs).flops / 1e9 == pytest.approx(522, abs=0.5)
