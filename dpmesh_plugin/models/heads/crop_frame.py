"""The cameras of a batch of crops, and the axes that a head regresses bodies in."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from dpmesh_plugin.geometry.crop import crop_view
from dpmesh_plugin.structures import MeshDataSample
from dpmesh_plugin.utils.choices import check_choice

from .crop_camera import crop_focal, image_cameras
from .head_output import HeadOutput

FocalSource = Literal['per_sample', 'first']
OrientFrame = Literal['camera', 'ray']


class CropFrame:
    """What a head takes the camera of a crop to be.

    Args:
        input_size: Side of the crop, px.
        focal_source: See :class:`BaseMeshHead`.
        orient_frame: See :class:`BaseMeshHead`.

    Raises:
        ValueError: unknown focal source or frame.
    """

    def __init__(
        self, *, input_size: int, focal_source: FocalSource, orient_frame: OrientFrame
    ) -> None:
        check_choice('focal_source', focal_source, FocalSource)
        check_choice('orient_frame', orient_frame, OrientFrame)
        self.input_size = input_size
        self.focal_source = focal_source
        self.orient_frame = orient_frame

    def focal(self, data_samples: Sequence[MeshDataSample], device: torch.device) -> Tensor:
        """Focal lengths (B,) of the cameras of the crops, px.

        Args:
            data_samples: B samples with the metainfo ``ori_shape``.
            device: Where the result goes.
        """
        focal = crop_focal(data_samples).to(device)
        return focal[:1].expand_as(focal) if self.focal_source == 'first' else focal

    def view(self, data_samples: Sequence[MeshDataSample], device: torch.device) -> Tensor:
        """Rotations (B, 3, 3) from the axes that bodies are regressed in to those of the image.

        Args:
            data_samples: B samples with the metainfo ``warp_mat, focal_length, principal_point``.
            device: Where the result goes.
        """
        if self.orient_frame == 'camera':
            return torch.eye(3, device=device).repeat(len(data_samples), 1, 1)
        cameras = image_cameras(data_samples)
        centre = torch.full_like(cameras['focal'], self.input_size / 2)
        return crop_view(**cameras, centre=centre).to(device, torch.float32)

    def in_image_axes(self, output: HeadOutput, view: Tensor) -> HeadOutput:
        """What was regressed, in the axes of the camera of the image.

        Args:
            output: In the axes that bodies are regressed in.
            view: (B, 3, 3) from :meth:`view`.
        """
        return output if self.orient_frame == 'camera' else output.turned(view)
