"""Which numbers a device computes with at speed."""

import torch

# What decides in torch whether a convolution on a CPU goes to oneDNN.
_CPU_KERNELS = {
    torch.bfloat16: torch.ops.mkldnn._is_mkldnn_bf16_supported,
    torch.float16: torch.ops.mkldnn._is_mkldnn_fp16_supported,
}


def has_kernels(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether a device has kernels for a type, or computes with it in a roundabout way.

    On a CPU that lacks the instructions (AVX-512 for bfloat16) torch falls back to loops that take
    several times as long as float32.

    Args:
        dtype: float32, bfloat16 or float16.
        device: The device.
    """
    if device.type == 'cpu' and dtype in _CPU_KERNELS:
        return _CPU_KERNELS[dtype]()
    if device.type == 'cuda' and dtype == torch.bfloat16:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True


def lean_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device has kernels for it, else float32."""
    return torch.bfloat16 if has_kernels(torch.bfloat16, device) else torch.float32
