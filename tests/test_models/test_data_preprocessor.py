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


def test_refuses_float_crops():
    with pytest.raises(TypeError, match=r'uint8 crops .* got torch.float32 at index 0'):
        MeshDataPreprocessor()({'inputs': [torch.zeros(3, 8, 8)]})


def test_refuses_crops_of_different_size():
    crops = _crops(1, size=8) + _crops(1, size=9)
    with pytest.raises(ValueError, match=r'one size, got \(3, 9, 9\) at index 1'):
        MeshDataPreprocessor()({'inputs': crops})
