import pytest
import torch

from dpmesh_plugin.models.heads.crop_frame import CropFrame
from dpmesh_plugin.structures import MeshDataSample

CPU = torch.device('cpu')
FRAME = {'input_size': 256, 'focal_source': 'per_sample', 'orient_frame': 'camera'}


@pytest.fixture
def samples():
    """Crops about the principal point, and 1000 px right of it."""
    return [
        MeshDataSample(
            metainfo={
                'ori_shape': size,
                'warp_mat': ((1.0, 0.0, -x), (0.0, 1.0, -172.0)),
                'focal_length': (1000.0, 1000.0),
                'principal_point': (400.0, 300.0),
            }
        )
        for size, x in (((800, 600), 272.0), ((1080, 1920), 1272.0))
    ]


def test_focal_length_of_every_sample_or_of_the_first(samples):
    own, first = (
        CropFrame(**{**FRAME, 'focal_source': source}).focal(samples, CPU).tolist()
        for source in ('per_sample', 'first')
    )
    assert own == pytest.approx([1000, 2202.90717])
    assert first == [1000, 1000]


def test_the_axis_along_the_ray_is_turned_to_where_the_crop_lies(samples):
    ahead = torch.tensor([0.0, 0.0, 1.0])
    ray = CropFrame(**{**FRAME, 'orient_frame': 'ray'}).view(samples, CPU) @ ahead
    expected = torch.tensor([[0.0, 0.0, 1.0], [0.5**0.5, 0.0, 0.5**0.5]])
    torch.testing.assert_close(ray, expected, atol=1e-6, rtol=0)
    straight = CropFrame(**FRAME).view(samples, CPU) @ ahead
    torch.testing.assert_close(straight, ahead.expand(2, 3))


@pytest.mark.parametrize(('name', 'value'), [('focal_source', 'last'), ('orient_frame', 'world')])
def test_unknown_choices_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"expected {name} \(.*\), got '{value}'"):
        CropFrame(**{**FRAME, name: value})
