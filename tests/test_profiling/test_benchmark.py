import pytest
import torch

from dpmesh_plugin.profiling import BenchmarkOptions, Prediction, Variant, run_benchmark
from dpmesh_plugin.profiling.benchmark import count_flops
from dpmesh_plugin.registry import MODELS

OPTIONS = BenchmarkOptions(torch.device('cpu'), repeats=1, warmup=0, matmul_size=8)


def test_every_variant_has_every_number(tiny_config):
    def make_workload() -> Prediction:
        torch.manual_seed(0)
        return Prediction(MODELS.build(tiny_config))

    variants = [Variant(), Variant(2, channels_last=True), Variant(dtype='bfloat16')]
    seen = []
    results = run_benchmark(make_workload, variants, OPTIONS, report=seen.append)
    assert seen == results
    assert [result.variant for result in results] == variants
    names = {'VAE', 'UNet', 'control branch', 'neck', 'head', 'body model', 'rest'}
    for result in results:
        assert set(result.parts) == names
        assert result.seconds == pytest.approx(sum(result.parts.values()))
        assert result.flops == results[0].flops > 0
        assert result.share == pytest.approx(result.flops / result.seconds / result.matmul_rate)
        assert result.speed == pytest.approx(results[0].seconds / result.seconds)
        assert result.peak_bytes > 0
    assert results[0].deviation == 0
    assert results[1].deviation < results[2].deviation < 100


def test_flops_are_per_image_and_by_hand(plain_model):
    flops = 2 * (256 * 256 * 3 * 9 * 4 + 4 * 8 + 8 * 6 + 6 * 6)
    assert count_flops(Prediction(plain_model), OPTIONS) == flops


def test_measurements_become_plain_numbers(plain_model):
    (result,) = run_benchmark(lambda: Prediction(plain_model), [Variant()], OPTIONS)
    content = result.to_json()
    assert content['name'] == 'float32, batch 1'
    assert content['variant']['dtype'] == 'float32'
    assert content['seconds'] == result.seconds
