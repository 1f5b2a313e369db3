import numpy as np
import pytest
import torch

from dpmesh_plugin.geometry.affine import crop_affine
from dpmesh_plugin.geometry.crop import crop_projection
from dpmesh_plugin.models.heads.crop_camera import (
    crop_focal,
    image_cameras,
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
        warp_mat=((0.5, 0.0, -122.0), (0.0, 0.5, -22.0)),
        focal_length=(2000, 2000),
        principal_point=(400, 300),
    )
    transl = torch.tensor([[0.0, 0.25, 10.0]])
    focal = torch.tensor([1000.0])
    full = translation_in_image(transl, focal, [sample], input_size=256)
    torch.testing.assert_close(full, torch.tensor([[0.5, 0.25, 10.0]]))
    back = translation_in_crop(full, focal, [sample], input_size=256)
    torch.testing.assert_close(back, transl)


@pytest.mark.parametrize(
    'change',
    [
        {},
        {'mirror_width': 1000},
        {'rotation': 30.0},
        {'scale': 1.25},
        {'scale': 0.8, 'rotation': -20.0, 'mirror_width': 1000},
    ],
)
def test_both_cameras_see_a_body_in_the_same_place(change):
    """However the crop was changed, a body is regressed from what it shows."""
    warp, _ = crop_affine(np.array([620.0, 40.0, 300.0, 300.0]), (256, 256), **change)
    sample = _sample(warp_mat=warp, focal_length=(1000, 1000), principal_point=(500, 300))
    transl, focal = torch.tensor([[0.3, -0.2, 8.0]]), torch.tensor([1100.0])
    full = translation_in_image(transl, focal, [sample], input_size=256)
    homogeneous = full @ crop_projection(**image_cameras([sample]))[0].float().T
    seen = homogeneous[:, :2] / homogeneous[:, 2:]
    expected = transl[:, :2] * focal / 8.0 + 128
    torch.testing.assert_close(seen, expected, atol=1e-3, rtol=0)
    back = translation_in_crop(full, focal, [sample], input_size=256)
    torch.testing.assert_close(back, transl)
