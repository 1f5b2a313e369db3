import pytest
import torch

from dpmesh_plugin.profiling import Variant, variants_of


def test_the_plain_model_comes_first():
    variants = variants_of([1, 4], ['float32', 'bfloat16'], merge_lora=True)
    assert [str(variant) for variant in variants] == [
        'float32, batch 1',
        'float32, batch 1, merged LoRA',
        'float32, batch 4, merged LoRA',
        'bfloat16, batch 1, merged LoRA',
        'bfloat16, batch 4, merged LoRA',
    ]
    assert variants[-1].torch_dtype == torch.bfloat16
    assert variants[1].preparation == variants[2].preparation != variants[3].preparation


def test_the_plain_model_may_have_another_type():
    variants = variants_of([2], ['bfloat16'], 'float32', half_frozen=True, checkpointing=True)
    assert [str(variant) for variant in variants] == [
        'float32, batch 2',
        'bfloat16, batch 2, frozen weights too, checkpointing',
    ]


def test_without_options_nothing_is_measured_twice():
    assert variants_of([1, 2], ['float32']) == [Variant(1), Variant(2)]


def test_bad_variants_are_refused():
    with pytest.raises(ValueError, match="float32, bfloat16, float16, got 'int8'"):
        Variant(dtype='int8')
    with pytest.raises(ValueError, match='at least 1, got 0'):
        Variant(batch_size=0)
