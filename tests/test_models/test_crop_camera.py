import pytest
import torch

from dpmesh_plugin.models.heads.crop_camera import (
    crop_focal,
    translation_in_crop,
    translation_in_image,
)
from dpmesh_plugin.structures import MeshDataSample


def _sample(**metainfo):
    return MeshDataSample(metainfo=metainfo)


def test_focal_length_is_the_diagonal_of_the_image():
    samples = [_sample(ori_shape=(800, 600)), _sample(ori_shape=(1080, 1920))]
    assert crop_focal(samples).tolist() == pytest.approx([1000, 2202.90717])


def test_translation_by_hand():
    """A box of twice the crop halves the depth; twice the focal length doubles it again."""
    sample = _sample(
        bbox_xywh=(244, 44, 512, 512), focal_length=(2000, 2000), principal_point=(400, 300)
    )
    transl = torch.tensor([[0.0, 0.25, 10.0]])
    focal = torch.tensor([1000.0])
    full = translation_in_image(transl, focal, [sample], input_size=256)
    torch.testing.assert_close(full, torch.tensor([[0.5, 0.25, 10.0]]))
    back = translation_in_crop(full, focal, [sample], input_size=256)
    torch.testing.assert_close(back, transl)
