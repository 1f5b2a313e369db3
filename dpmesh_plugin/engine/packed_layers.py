"""Layers whose weights lie in memory as the CPU kernels want them.

oneDNN reorders the weights of a convolution at every call. In a small batch that takes longer than
the convolution itself: 59 MB for a 3x3 kernel of 1280 channels on a map of 8x8 cells. Packed
weights are reordered once. The operators are those that ``torch.compile`` puts in place for frozen
weights on CPUs; torch does not document them, so their absence is reported by name.
"""

import torch
from torch import Tensor, nn

from .precision import has_kernels

_OPERATORS = (
    '_convolution_pointwise',
    '_linear_pointwise',
    '_reorder_linear_weight',
)
_PLAIN = ('none', [], '')  # no operation fused behind the layer


class PackedConv2d(nn.Module):
    """A convolution for inference on a CPU.

    Its weight is packed, and the original given up, at the first call, whose input tells the size.

    Args:
        layer: The convolution it replaces; zero padding.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight.detach(), layer.bias
        self.geometry = (list(layer.padding), list(layer.stride), list(layer.dilation))
        self.groups = layer.groups

    def forward(self, inputs: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        if not self.weight.is_mkldnn:
            self.weight = torch._C._nn.mkldnn_reorder_conv2d_weight(
                self.weight.to_mkldnn(), *self.geometry, self.groups, list(inputs.shape)
            )
        return torch.ops.mkldnn._convolution_pointwise(
            inputs, self.weight, self.bias, *self.geometry, self.groups, *_PLAIN
        )


class PackedLinear(nn.Module):
    """A linear layer for inference on a CPU; see :class:`PackedConv2d`.

    Args:
        layer: The layer it replaces.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight.detach(), layer.bias

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (..., C)."""
        if not self.weight.is_mkldnn:
            rows = inputs.numel() // inputs.shape[-1]
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, rows)
        return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, *_PLAIN)


def pack_layers(module: nn.Module) -> None:
    """Exchange the convolutions and linear layers inside a module for packed ones, in place.

    Layers of derived classes, which may be used in other ways than by calling them, stay.

    Raises:
        ValueError: the module is not on the CPU, or the CPU has no kernels for its type.
        RuntimeError: this build of torch lacks the operators.
    """
    devices = {str(parameter.device) for parameter in module.parameters()}
    if devices - {'cpu'}:
        raise ValueError(
            f'weights can be packed for a CPU only, these lie on {", ".join(sorted(devices))}: '
            'leave pack_weights out'
        )
    dtypes = {parameter.dtype for parameter in module.parameters()}
    slow = sorted(str(dtype) for dtype in dtypes if not has_kernels(dtype, torch.device('cpu')))
    if slow:
        raise ValueError(
            f'this CPU has no kernels for {", ".join(slow)}, so such weights cannot be packed: '
            'leave pack_weights out, or take float32'
        )
    lacking = [name for name in _OPERATORS if not hasattr(torch.ops.mkldnn, name)]
    if lacking:
        raise RuntimeError(
            f'torch {torch.__version__} lacks the operators {", ".join(lacking)} of oneDNN, which '
            'packed weights need: leave pack_weights out'
        )
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Conv2d and child.padding_mode == 'zeros':
                setattr(parent, name, PackedConv2d(child))
            elif type(child) is nn.Linear:
                setattr(parent, name, PackedLinear(child))
