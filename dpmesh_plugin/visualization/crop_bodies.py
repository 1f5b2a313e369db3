"""Where a predicted or annotated body stands in the camera of a crop."""

from dataclasses import dataclass

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.geometry.crop import crop_projection
from dpmesh_plugin.rendering import Mesh, render_depth
from dpmesh_plugin.structures import SMPL_FIELDS, MeshDataSample


@dataclass(frozen=True)
class CropBody:
    """A body and the camera that puts it over a crop.

    Args:
        vertices: (V, 3) m, camera axes.
        camera: (3, 3) px of the crop; may carry the warp of the crop.
    """

    vertices: np.ndarray
    camera: np.ndarray

    def silhouette(self, faces: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The pixels (h, w) bool that the body covers, also where something stands before it.

        Args:
            faces: Vertex numbers (F, 3).
            size: Width and height of the crop, px.
        """
        return np.isfinite(render_depth([Mesh(self.vertices, faces)], self.camera, size))


def predicted_body(sample: MeshDataSample) -> CropBody:
    """The body of ``pred_instances``.

    Args:
        sample: Sample with a prediction.
    """
    pred = sample.pred_instances
    turned = to_numpy(pred.vertices[0]) @ to_numpy(pred.view[0])
    placed = turned + to_numpy(pred.pelvis) + to_numpy(pred.transl)
    width, height = sample.input_size
    # The model looks at a crop with the diagonal of the original image as the focal length.
    focal = np.hypot(*sample.ori_shape)
    return CropBody(placed, np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]))


def true_body(sample: MeshDataSample, body_model: nn.Module) -> CropBody:
    """The annotated body in the camera of the original image, folded into the crop.

    Where the crop is turned or mirrored, the truth is given in axes turned with it.

    Args:
        sample: Sample with SMPL parameters.
        body_model: The body model that they are of.

    Raises:
        ValueError: the parameters are of another body model.
    """
    truth = sample.gt_instances
    check_annotated_body(sample.get('body_model_id'), body_model.model_id, 'the truth')
    parameters = {
        field: torch.as_tensor(truth[field]).to(body_model.faces.device, torch.float32)
        for field in (*SMPL_FIELDS, 'transl')
    }
    with torch.no_grad():
        body = body_model(**parameters, gender=sample.gender)
    camera = crop_projection(
        *(
            torch.as_tensor(sample.get(field), dtype=torch.float64)[None]
            for field in ('warp_mat', 'focal_length', 'principal_point')
        )
    )
    return CropBody(to_numpy(body.vertices[0]), camera[0].numpy())


def has_true_body(sample: MeshDataSample) -> bool:
    """Whether a sample has valid SMPL parameters."""
    truth = sample.get('gt_instances', InstanceData())
    return 'global_orient' in truth and bool(truth.get('smpl_valid', [True])[0])


def to_numpy(values: Tensor | np.ndarray) -> np.ndarray:
    """Values as a float32 array on the CPU."""
    return torch.as_tensor(values).detach().cpu().float().numpy()
