import pytest
import torch

from dpmesh_plugin.models import MeshDataPreprocessor
from dpmesh_plugin.registry import MODELS


def _crops(count=2, size=8):
    return [torch.full((3, size, size), 51 * (i + 1), dtype=torch.uint8) for i in range(count)]


def test_scales_to_unit_range_and_passes_samples_on():
    preprocessor = MODELS.build({'type': 'MeshDataPreprocessor'})
    assert isinstance(preprocessor, MeshDataPreprocessor)
    batch = preprocessor({'inputs': _crops(), 'data_samples': ['a', 'b']})
    assert batch['data_samples'] == ['a', 'b']
    assert batch['inputs'].shape == (2, 3, 8, 8)
    assert batch['inputs'].dtype == torch.float32
    torch.testing.assert_close(batch['inputs'][:, 0, 0, 0], torch.tensor([0.2, 0.4]))


def test_batch_is_contiguous_also_from_channels_last_crops():
    crops = [crop.permute(1, 2, 0).contiguous().permute(2, 0, 1) for crop in _crops()]
    stacked = torch.stack(crops).to(memory_format=torch.channels_last)
    batch = MeshDataPreprocessor()({'inputs': stacked, 'data_samples': []})
    assert batch['inputs'].is_contiguous()


def test_crops_that_were_not_rounded_have_the_same_scale():
    crops = [crop.float() + 0.25 for crop in _crops(1)]
    batch = MeshDataPreprocessor()({'inputs': crops})
    assert batch['inputs'].max().item() == pytest.approx(51.25 / 255)
    assert batch['data_samples'] is None


def test_refuses_crops_of_another_type():
    with pytest.raises(TypeError, match='got torch.int64 at index 1'):
        MeshDataPreprocessor()({'inputs': [*_crops(1), _crops(1)[0].long()]})


def test_refuses_crops_of_different_size():
    crops = _crops(1, size=8) + _crops(1, size=9)
    with pytest.raises(ValueError, match=r'one size, got \(3, 9, 9\) at index 1'):
        MeshDataPreprocessor()({'inputs': crops})


def test_latents_pass_unchanged():
    latents = torch.randn(2, 4, 8, 8)
    data = MeshDataPreprocessor()({'latents': latents, 'data_samples': ['one', 'two']})
    assert list(data) == ['latents', 'data_samples']
    torch.testing.assert_close(data['latents'], latents, rtol=0, atol=0)


def test_samples_without_crops_pass():
    assert MeshDataPreprocessor()({'data_samples': ['one']}) == {'data_samples': ['one']}
