"""From a list of crops to one batch on the model's device."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import MeshBatch

PIXEL_MAXIMUM = 255.0
PIXEL_TYPES = (torch.uint8, torch.float32)


@MODELS.register_module()
class MeshDataPreprocessor(BaseDataPreprocessor):
    """Stack RGB crops, move them to the device of the model and scale them to [0, 1].

    There is no mean and no standard deviation: the published model feeds [0, 1] to its image
    encoder. The batch is contiguous NCHW, because other memory orders select other convolution
    kernels on CPUs and move results by up to 1e-3.
    """

    def cast_data(self, data: Any) -> Any:
        """What a batch holds, on the device."""
        if isinstance(data, MeshBatch):
            return data.to(self.device, non_blocking=self._non_blocking)
        return super().cast_data(data)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make a batch.

        Args:
            data: ``inputs``: list of B crops (3, H, W) RGB, or one tensor (B, 3, H, W), uint8 or
                float32 with values 0..255 (crops that were not rounded); or, in their place,
                ``latents`` (B, C, h, w), or neither; ``data_samples``: B samples, passed on.
            training: Not used: augmentation belongs to the data pipeline.

        Returns:
            ``inputs`` (B, 3, H, W) float32 in [0, 1], or ``latents`` as they are, or neither, and
            ``data_samples``, on the device.

        Raises:
            TypeError: a crop is neither uint8 nor float32.
            ValueError: a crop is not (3, H, W), or the crops differ in size.
        """
        if 'inputs' not in data:
            return self.cast_data(data)
        _check_crops(data['inputs'])
        data = self.cast_data(data)
        inputs = data['inputs']
        batch = inputs if isinstance(inputs, Tensor) else torch.stack(list(inputs))
        inputs = batch.contiguous().to(torch.float32) / PIXEL_MAXIMUM
        return {'inputs': inputs, 'data_samples': data.get('data_samples')}


def _check_crops(crops: Sequence[Tensor] | Tensor) -> None:
    """Refuse what cannot become one batch."""
    if isinstance(crops, Tensor):  # all of one size and type
        crops = crops[:1]
    for index, crop in enumerate(crops):
        if crop.dtype not in PIXEL_TYPES:
            raise TypeError(
                f'expected crops of {PIXEL_TYPES} with values 0..255, got {crop.dtype} at index '
                f'{index}'
            )
        if crop.ndim != 3 or crop.shape[0] != 3 or crop.shape != crops[0].shape:
            raise ValueError(
                f'expected RGB crops (3, H, W) of one size, got {tuple(crop.shape)} at index '
                f'{index} and {tuple(crops[0].shape)} at index 0'
            )
