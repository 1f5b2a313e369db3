"""One image on its way through the model."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.datasets.transforms.loading import read_image
from dpmesh_plugin.geometry.affine import apply_affine
from dpmesh_plugin.structures import MeshDataSample, get_keypoint_set

from .inference_report import Problem
from .keypoint_formats import ImageKeypoints, Person
from .mesh_file import ImageMeshes


@dataclass
class ImageJob:
    """An image, its camera, and the persons that come out of the model one after the other.

    Args:
        path: The image file.
        image: (H, W, 3) uint8 RGB.
        intrinsics: (3, 3) px.
        num_pending: Persons still to come.
        samples: Persons with a mesh.
    """

    path: Path
    image: np.ndarray
    intrinsics: np.ndarray
    num_pending: int = 0
    samples: list[MeshDataSample] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, entry: ImageKeypoints, focal_length: float | None) -> 'ImageJob':
        """Read an image and decide on its camera.

        Args:
            path: The image file.
            entry: What the keypoint file says about it.
            focal_length: Focal length, px; None for the diagonal of the image.

        Raises:
            FileNotFoundError: no such image.
            ValueError: it cannot be read, or has another size than the keypoint file says.
        """
        image = read_image(path)
        size = image.shape[1::-1]
        if entry.size is not None and tuple(entry.size) != size:
            raise ValueError(
                f'the image has (width, height) {size}, the keypoint file says '
                f'{tuple(entry.size)}: its keypoints belong to another version of the image'
            )
        focal = float(np.hypot(*size)) if focal_length is None else focal_length
        intrinsics = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
        return cls(path, image, intrinsics)

    def sample_of(self, person: Person) -> dict:
        """What the pipeline needs to know about a person, with the image."""
        return {
            'img_path': str(self.path),
            'img': self.image,
            'ori_shape': self.image.shape[1::-1],
            'focal_length': self.intrinsics[[0, 1], [0, 1]].astype(np.float32),
            'principal_point': self.intrinsics[:2, 2].astype(np.float32),
            'sample_idx': person.person_id,
            'keypoints': person.keypoints,
            'keypoint_scores': person.scores,
            'keypoint_set': person.keypoint_set,
            'bbox_xywh': person.bbox_xywh,
        }

    def receive(self, sample: MeshDataSample) -> Problem | None:
        """Take a person from the model; a mesh that is not finite is left out."""
        self.num_pending -= 1
        if not sample.pred_instances.vertices.isfinite().all():
            message = 'the predicted mesh is not finite; is the checkpoint from a diverged run?'
            return Problem(str(self.path), message, sample.sample_idx)
        self.samples.append(sample)
        return None

    def meshes(self, body_model: nn.Module) -> ImageMeshes:
        """The persons in the camera of the whole image.

        Args:
            body_model: Body model of the predictions.
        """
        transl = self._stack('transl_full')
        offset = (self._stack('pelvis') + transl)[:, None]
        keypoints, scores, visible = zip(*map(_prompt_in_image, self.samples), strict=True)
        return ImageMeshes(
            image=str(self.path),
            image_size=np.array(self.image.shape[1::-1]),
            intrinsics=self.intrinsics,
            body_model_id=body_model.model_id,
            person_ids=np.array([sample.sample_idx for sample in self.samples]),
            global_orient=self._stack('global_orient'),
            body_pose=self._stack('body_pose'),
            betas=self._stack('betas'),
            transl=transl,
            vertices=self._stack('vertices') + offset,
            faces=body_model.faces.cpu().numpy().astype(np.int32),
            joints=self._stack('joints') + offset,
            joint_names=np.array(get_keypoint_set(self.samples[0].keypoint_set).names),
            keypoints=np.stack(keypoints),
            keypoint_scores=np.stack(scores),
            keypoints_visible=np.stack(visible),
            boxes=np.stack([sample.bbox_xywh for sample in self.samples]),
            skeleton=self._skeleton(body_model),
        )

    def _skeleton(self, body_model: nn.Module) -> np.ndarray:
        """Joints (P, 24, 3) of the kinematic tree in the camera of the whole image, m."""
        names = ('global_orient', 'body_pose', 'betas')
        parameters = {name: self._predictions(name) for name in names}
        with torch.no_grad():
            body = body_model(**parameters, transl=self._predictions('transl_full'))
        return body.joints.cpu().numpy()

    def _predictions(self, name: str) -> Tensor:
        return torch.cat([sample.pred_instances[name] for sample in self.samples]).float()

    def _stack(self, name: str) -> np.ndarray:
        return self._predictions(name).cpu().numpy()


def _prompt_in_image(sample: MeshDataSample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keypoints (K, 2) in px of the image, scores (K,), and which the model was given (K,)."""
    scores = sample.prompt.keypoint_scores[0].float().cpu().numpy()
    matrix = np.vstack([sample.warp_mat, [0, 0, 1]])
    keypoints = sample.prompt.keypoints[0].float().cpu().numpy()
    in_image = apply_affine(keypoints, np.linalg.inv(matrix)[:2])
    visible = sample.prompt.keypoints_visible[0].cpu().numpy() > 0
    return np.where(scores[:, None] > 0, in_image, 0).astype(np.float32), scores, visible
