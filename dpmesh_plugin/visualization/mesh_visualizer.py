"""What a model saw, what it was told, what it answered, and what is true, side by side."""

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.visualization import Visualizer
from torch import nn

from dpmesh_plugin.registry import BODY_MODELS, VISUALIZERS
from dpmesh_plugin.rendering import (
    add_label,
    draw_people,
    person_color,
    scale_intrinsics,
    view_body,
)
from dpmesh_plugin.structures import MeshDataSample

from .crop_bodies import CropBody, has_true_body, predicted_body, to_numpy, true_body
from .keypoints import draw_keypoints
from .pictures import contact_sheet, save_image

PREDICTION_COLOR, TRUTH_COLOR = person_color(0), person_color(2)


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
        self.body_model = BODY_MODELS.build_part(body_model)
        self.faces = self.body_model.faces.cpu().numpy()
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
        if draw_gt and has_true_body(data_sample):
            panels['ground truth'] = self._truth_panel(crop, data_sample, factor)
        labelled = [add_label(panel, title) for title, panel in panels.items()]
        return contact_sheet(labelled, len(labelled), gap=4)

    def _prompt_panel(self, crop: np.ndarray, sample: MeshDataSample, factor: float) -> np.ndarray:
        prompt = sample.prompt
        return draw_keypoints(
            crop,
            (to_numpy(prompt.keypoints[0]) + 0.5) * factor - 0.5,
            to_numpy(prompt.keypoint_scores[0]),
            self.keypoint_set,
            visible=to_numpy(prompt.keypoints_visible[0]) > 0,
        )

    def _prediction_panels(
        self, crop: np.ndarray, sample: MeshDataSample, factor: float
    ) -> dict[str, np.ndarray]:
        """The predicted mesh in the camera of the crop, and from the person's side."""
        shape = to_numpy(sample.pred_instances.vertices[0])
        return {
            'prediction': self._over(crop, predicted_body(sample), factor, PREDICTION_COLOR),
            'side view': view_body(
                shape, self.faces, size=crop.shape[1::-1], yaw=90, color=PREDICTION_COLOR
            ),
        }

    def _truth_panel(self, crop: np.ndarray, sample: MeshDataSample, factor: float) -> np.ndarray:
        body = true_body(sample, self.body_model)
        return self._over(crop, body, factor, TRUTH_COLOR)

    def _over(
        self, crop: np.ndarray, body: CropBody, factor: float, color: np.ndarray
    ) -> np.ndarray:
        """A body over the scaled crop."""
        intrinsics = scale_intrinsics(body.camera, factor)
        return draw_people(
            crop, [body.vertices], self.faces, intrinsics, colors=[color], alpha=self.alpha
        )
