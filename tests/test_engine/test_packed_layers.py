import pytest
import torch
from torch import nn

from dpmesh_plugin.engine.packed_layers import PackedConv2d, PackedLinear, pack_layers
from dpmesh_plugin.engine.precision import has_kernels

LAYERS = {
    '3x3': nn.Conv2d(8, 16, 3, padding=1),
    'stride': nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
    'groups': nn.Conv2d(8, 16, 3, padding=2, dilation=2, groups=4),
    '1x1': nn.Conv2d(8, 4, 1),
}


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('name', LAYERS)
@torch.no_grad()
def test_packed_convolution(name, dtype):
    if not has_kernels(dtype, torch.device('cpu')):
        pytest.skip(f'this CPU has no kernels for {dtype}')
    random = torch.Generator().manual_seed(0)
    layer = LAYERS[name].to(dtype)
    packed = PackedConv2d(layer)
    # Packed for the first size, used for others.
    for batch, side in ((1, 6), (3, 6), (2, 9)):
        inputs = torch.randn(batch, 8, side, side, generator=random).to(dtype)
        expected = layer(inputs)
        for each in (inputs, inputs.contiguous(memory_format=torch.channels_last)):
            tolerance = 1e-5 if dtype == torch.float32 else 2e-2
            torch.testing.assert_close(packed(each), expected, atol=tolerance, rtol=tolerance)
    assert packed.weight.is_mkldnn
    assert packed.weight.dtype == dtype


@pytest.mark.parametrize('bias', [True, False])
@torch.no_grad()
def test_packed_linear_layer(bias):
    layer = nn.Linear(8, 5, bias=bias)
    packed = PackedLinear(layer)
    for shape in ((8,), (2, 8), (2, 3, 8)):
        inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(packed(inputs), layer(inputs))


def test_layers_inside_are_exchanged():
    module = nn.Sequential(
        nn.Conv2d(1, 1, 1, padding_mode='reflect'),
        nn.Sequential(nn.Linear(2, 2), nn.Conv2d(1, 1, 1)),
        nn.MultiheadAttention(4, 2),
    )
    pack_layers(module)
    assert isinstance(module[1][0], PackedLinear)
    assert isinstance(module[1][1], PackedConv2d)
    # A padding it cannot do, and a layer that is not called, stay.
    assert type(module[0]) is nn.Conv2d
    assert module[2].out_proj.weight.shape == (4, 4)
    assert not isinstance(module[2].out_proj, PackedLinear)


def test_a_type_without_kernels_is_refused(monkeypatch):
    kernels = {torch.bfloat16: lambda: False}
    monkeypatch.setattr('dpmesh_plugin.engine.precision._CPU_KERNELS', kernels)
    with pytest.raises(ValueError, match=r'no kernels for torch.bfloat16, .* leave pack_weights'):
        pack_layers(nn.Linear(2, 2).bfloat16())


def test_only_for_a_cpu():
    with pytest.raises(ValueError, match='these lie on meta: leave pack_weights out'):
        pack_layers(nn.Linear(2, 2, device='meta'))
