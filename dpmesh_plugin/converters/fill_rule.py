"""Deterministic made-up weights: every parameter is a function of its official name and shape.

With them two implementations can be compared without exchanging weights. The rule is that of the
reference set (its section 2): normal numbers seeded by the checksum of the name, scaled by kind.
"""

import re
import zlib
from collections.abc import Iterable

import numpy as np

# (pattern of the name, offset, factor); the offset is added to factor * x. First match wins.
_KINDS = (
    (r'^exponent$', 3.0, 0.1),
    (r'^(query\.weight|spose_shape_cam_param)$', 0.0, 1.0),
    (r'^transformer\.(smpl_tgt|kp_tgt)$', 0.0, 0.5),
    (r'_embedding\.weight$', 0.0, 0.02),
    (r'running_mean$', 0.0, 0.1),
    (r'\.bias$|in_proj_bias$', 0.0, 0.02),
    (r'^awl', 1.0, 0.1),
)
_VPOSER_BIAS = 'vposer.vposer.bodyprior_dec_out.bias'
_IDENTITY_6D = (1, 0, 0, 1, 0, 0)

# Gain of matrices and kernels; 1 where nothing matches.
_GAINS = (
    (r'^kp_lifting\.weight$', 4.0),
    (r'^cascade_cam_out\.\d+\.weight$', 0.25),
    (r'^cascade_(root_pose|pose|shaoe)_out\.\d+\.weight$', 0.5),
    (r'^transformer\.decoder\.joint_img_regress\.\d+\.weight$', 0.5),
    (r'\.zero_convs\.\d+\.0\.weight$', 0.5),
    (r'\.middle_block_out\.0\.weight$', 0.5),
    (r'\.lora_up\.weight$', 0.5),
    (r'\.attn[12]\.to_[qk]\.(linear\.)?weight$', 1.5),
    (r'^vposer\.vposer\.bodyprior_dec_out\.weight$', 0.6),
)


def fill_value(name: str, shape: Iterable[int], salt: str = '') -> np.ndarray:
    """Values of one parameter.

    Args:
        name: Official name without the prefix ``module.``.
        shape: Its shape.
        salt: Text appended to the name before the checksum, for another set of values.

    Returns:
        float32 array of that shape. ``fill_value('exponent', ())`` is 2.8223655.
    """
    shape = tuple(shape)
    random = np.random.RandomState(zlib.crc32((name + salt).encode()))
    x = np.asarray(random.randn(*shape), dtype=np.float32)
    return np.asarray(_scaled(name, x))


def _scaled(name: str, x: np.ndarray) -> np.ndarray:
    """Standard normal numbers ``x`` as values of the parameter ``name``."""
    if name == _VPOSER_BIAS:
        offset = np.tile(np.float32(_IDENTITY_6D), x.size // len(_IDENTITY_6D))
        return offset + np.float32(0.02) * x
    if name.endswith('running_var'):
        return np.float32(1) + np.float32(0.1) * np.abs(x)
    for pattern, offset, factor in _KINDS:
        if re.search(pattern, name):
            return np.float32(offset) + np.float32(factor) * x
    if x.ndim < 2:
        return np.float32(1) + np.float32(0.1) * x
    gain = next((value for pattern, value in _GAINS if re.search(pattern, name)), 1.0)
    return np.float32(gain / np.sqrt(np.prod(x.shape[1:]))) * x
