import pytest
import torch
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

from dpmesh_plugin.engine.precision import has_kernels, lean_dtype

CPU = torch.device('cpu')


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.float16])
def test_a_type_has_kernels_where_torch_gives_its_convolutions_to_onednn(dtype):
    image, weight = torch.ones(4, 16, 64, 64, dtype=dtype), torch.ones(16, 16, 3, 3, dtype=dtype)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        F.conv2d(image, weight)
    names = {event.key for event in recorded.key_averages()}
    assert ('aten::mkldnn_convolution' in names) == has_kernels(dtype, CPU)


@pytest.mark.parametrize('available', [True, False])
def test_the_lean_type_is_bfloat16_only_where_it_has_kernels(monkeypatch, available):
    kernels = {torch.bfloat16: lambda: available}
    monkeypatch.setattr('dpmesh_plugin.engine.precision._CPU_KERNELS', kernels)
    assert lean_dtype(CPU) == (torch.bfloat16 if available else torch.float32)
