"""What a model saw, what it was told, what it answered, and what is true, side by side."""

import cv2
import numpy as np
import torch
from mmengine.dist import master_only
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer
from torch import Tensor, nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.registry import BODY_MODELS, VISUALIZERS
from dpmesh_plugin.rendering import (
    add_label,
    draw_people,
    person_color,
    scale_intrinsics,
    view_body,
)
from dpmesh_plugin.structures import MeshDataSample

from .keypoints import draw_keypoints
from .pictures import contact_sheet, save_image

PREDICTION_COLOR, TRUTH_COLOR = person_color(0), person_color(2)

_SMPL_FIELDS = ('global_orient', 'body_pose', 'betas', 'transl')


@VISUALIZERS.register_module()
class MeshVisualizer(Visualizer):
    """Draws one sample as a row of labelled panels of the same height.

    Input crop, prompt keypoints, predicted mesh over the crop, the same from its side, and the true
    mesh over the crop. A panel whose data the sample lacks is left out.

    Args:
        name: Name of this visualizer among those of the process (mmengine wants it positional).
        body_model: Body model, or its config; gives the faces and the true mesh.
        vis_backends: Where pictures without a file name go, see mmengine's ``Visualizer``.
        save_dir: Folder of these backends.
        alpha: Opacity of the meshes, 0..1.
        panel_height: Height of a panel in px; the crop is scaled to it.
        keypoint_set: Name of the set of the prompt.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        *,
        body_model: nn.Module | dict,
        vis_backends: list[dict] | None = None,
        save_dir: str | None = None,
        alpha: float = 0.9,
        panel_height: int = 320,
        keypoint_set: str = 'dpmesh_30',
    ) -> None:
        super().__init__(name=name, vis_backends=vis_backends, save_dir=save_dir)
        built = BODY_MODELS.build(body_model) if isinstance(body_model, dict) else body_model
        self.body_model = built
        self.faces = built.faces.cpu().numpy()
        self.alpha = alpha
        self.panel_height = panel_height
        self.keypoint_set = keypoint_set

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: MeshDataSample,
        *,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw a sample, and show, write or record the picture.

        Args:
            name: Name of the picture in the backends and in error messages.
            image: The crop ``(H, W, 3)`` RGB, uint8 or float in 0..255.
            data_sample: The sample that belongs to it.
            draw_gt: Draw the true mesh where the sample has one.
            draw_pred: Draw the prediction where the sample has one.
            show: Open a window.
            wait_time: Seconds that the window stays; 0 waits for a key.
            out_file: Picture to write; None hands it to the backends.
            step: Step that the backends record it under.

        Returns:
            The picture ``(H', W', 3)`` uint8 RGB.

        Raises:
            ValueError: the sample cannot be drawn; the message names it and says why.
        """
        try:
            picture = self.draw(image, data_sample, draw_gt=draw_gt, draw_pred=draw_pred)
        except (AttributeError, KeyError, ValueError) as error:
            path = data_sample.get('img_path')
            raise ValueError(f'sample {name!r} ({path}) cannot be drawn: {error}') from error
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        if out_file is None:
            self.add_image(name, picture, step)
        else:
            save_image(picture, out_file)
        return picture

    def draw(
        self,
        image: np.ndarray,
        data_sample: MeshDataSample,
        *,
        draw_gt: bool = True,
        draw_pred: bool = True,
    ) -> np.ndarray:
        """The picture of a sample, ``(H', W', 3)`` uint8 RGB. Arguments as in `add_datasample`."""
        width, height = data_sample.input_size
        if image.shape != (height, width, 3):
            raise ValueError(f'expected the crop {(height, width, 3)}, got {image.shape}')
        image = np.rint(image).clip(0, 255).astype(np.uint8)
        factor = self.panel_height / height
        crop = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        panels = {'input': crop}
        if 'prompt' in data_sample:
            panels['prompt keypoints'] = self._prompt_panel(crop, data_sample, factor)
        if draw_pred and 'pred_instances' in data_sample:
            panels |= self._prediction_panels(crop, data_sample, factor)
        if draw_gt and _has_smpl(data_sample):
            panels['ground truth'] = self._truth_panel(crop, data_sample, factor)
        labelled = [add_label(panel, title) for title, panel in panels.items()]
        return contact_sheet(labelled, len(labelled), gap=4)

    def _prompt_panel(self, crop: np.ndarray, sample: MeshDataSample, factor: float) -> np.ndarray:
        prompt = sample.prompt
        return draw_keypoints(
            crop,
            (_numpy(prompt.keypoints[0]) + 0.5) * factor - 0.5,
            _numpy(prompt.keypoint_scores[0]),
            self.keypoint_set,
            visible=_numpy(prompt.keypoints_visible[0]) > 0,
        )

    def _prediction_panels(
        self, crop: np.ndarray, sample: MeshDataSample, factor: float
    ) -> dict[str, np.ndarray]:
        """The predicted mesh in the camera of the crop, and from the person's side."""
        pred = sample.pred_instances
        shape = _numpy(pred.vertices[0])
        placed = shape + _numpy(pred.pelvis) + _numpy(pred.transl)
        width, height = sample.input_size
        # The model looks at a crop with the diagonal of the original image as the focal length.
        focal = np.hypot(*sample.ori_shape)
        camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        return {
            'prediction': self._over(crop, placed, camera, factor, PREDICTION_COLOR),
            'side view': view_body(
                shape, self.faces, size=crop.shape[1::-1], yaw=90, color=PREDICTION_COLOR
            ),
        }

    def _truth_panel(self, crop: np.ndarray, sample: MeshDataSample, factor: float) -> np.ndarray:
        """The annotated body in the camera of the original image, folded into the crop.

        Where the crop is turned or mirrored, the truth is given in axes turned with it.
        """
        truth = sample.gt_instances
        annotated = sample.get('body_model_id')
        check_annotated_body(annotated, self.body_model.model_id, 'the truth')
        parameters = {
            field: torch.as_tensor(truth[field]).detach().cpu().float() for field in _SMPL_FIELDS
        }
        with torch.no_grad():
            body = self.body_model.cpu()(**parameters, gender=sample.gender)
        camera = np.eye(3)
        camera[[0, 1], [0, 1]] = sample.focal_length
        camera[:2, 2] = sample.principal_point
        camera = np.vstack([sample.warp_mat, [0, 0, 1]]) @ camera @ _turn(sample.warp_mat).T
        return self._over(crop, _numpy(body.vertices[0]), camera, factor, TRUTH_COLOR)

    def _over(
        self,
        crop: np.ndarray,
        vertices: np.ndarray,
        camera: np.ndarray,
        factor: float,
        color: np.ndarray,
    ) -> np.ndarray:
        """A mesh over the scaled crop; ``camera`` is that of the crop before scaling."""
        intrinsics = scale_intrinsics(camera, factor)
        return draw_people(
            crop, [vertices], self.faces, intrinsics, colors=[color], alpha=self.alpha
        )


def _turn(warp: np.ndarray) -> np.ndarray:
    """Rotation or reflection (3, 3) of camera axes that goes with an image warp (2, 3).

    The orthogonal polar factor of the warp: what is left without its scale or stretch.
    """
    left, _, right = np.linalg.svd(warp[:, :2])
    turn = np.eye(3)
    turn[:2, :2] = left @ right
    return turn


def _has_smpl(sample: MeshDataSample) -> bool:
    truth = sample.get('gt_instances', InstanceData())
    return 'global_orient' in truth and bool(truth.get('smpl_valid', [True])[0])


def _numpy(values: Tensor | np.ndarray) -> np.ndarray:
    return torch.as_tensor(values).detach().cpu().float().numpy()
