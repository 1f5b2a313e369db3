import pytest
import torch

from dpmesh_plugin.models.necks.resampling import resample


@pytest.mark.parametrize(
    ('stride', 'out_stride', 'side'), [(8, 32, 4), (8, 8, 16), (32, 8, 64), (24, 8, 48)]
)
def test_a_map_of_one_stride_becomes_one_of_another(stride, out_stride, side):
    assert resample(3, stride, out_stride)(torch.randn(1, 3, 16, 16)).shape == (1, 3, side, side)


@pytest.mark.parametrize(('stride', 'out_stride'), [(14, 32), (14, 42), (64, 48), (8, 24)])
def test_strides_without_whole_steps_between_them_are_refused(stride, out_stride):
    with pytest.raises(ValueError, match=rf'stride {stride} cannot .* {out_stride}: expected'):
        resample(3, stride, out_stride)
