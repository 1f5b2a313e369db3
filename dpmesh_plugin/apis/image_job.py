"""One image on its way through the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.geometry.affine import apply_affine
from dpmesh_plugin.structures import SMPL_FIELDS, MeshDataSample, get_keypoint_set

from .inference_report import Problem
from .mesh_file import ImageMeshes
from .person import Person
from .tracking import MIN_SCORE

MAX_SCORE = 2.0
"""What passes for a confidence and then counts as 1: heatmaps and SimCC of mmpose exceed 1 by up to
a third, and 2 is the flag of a visible joint. Percent and logits exceed it."""

WIDEST_VIEW = 120.0
"""Degrees; few lenses that draw straight lines straight see more, so it is a focal length in mm."""


@dataclass(frozen=True)
class Camera:
    """What is known about the camera of the images; by default nothing.

    Args:
        focal_length: px; None for the diagonal of the image, as published.
        intrinsics: (3, 3) camera matrix, px, with the centre of the first pixel at (0, 0); then
            ``focal_length`` must be None.

    Raises:
        ValueError: both are given, or they are not those of a camera.
    """

    focal_length: float | None = None
    intrinsics: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.focal_length is not None and self.intrinsics is not None:
            raise ValueError('give focal_length or intrinsics, not both')
        if self.focal_length is not None and not 0 < self.focal_length < np.inf:
            raise ValueError(f'expected a focal length above 0 px, got {self.focal_length}')
        if self.intrinsics is None:
            return
        matrix = np.asarray(self.intrinsics, dtype=np.float64)
        form = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]])
        if (
            matrix.shape != (3, 3)
            or not np.isfinite(matrix).all()
            or (matrix[form == 0] != 0).any()
            or matrix[2, 2] != 1
            or min(matrix[0, 0], matrix[1, 1]) <= 0
        ):
            raise ValueError(
                'expected intrinsics [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in px with fx, fy > 0, '
                f'got {matrix.tolist()}'
            )

    def matrix(self, size: tuple[int, int]) -> np.ndarray:
        """Camera matrix (3, 3) of an image, px; the principal point is its middle if not known.

        Args:
            size: Width and height of the image, px.
        """
        if self.intrinsics is not None:
            return np.array(self.intrinsics, dtype=np.float64)
        focal = float(np.hypot(*size)) if self.focal_length is None else self.focal_length
        return np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])

    def doubt(self, size: tuple[int, int]) -> str | None:
        """What is strange about the camera for an image of (width, height) px; None if nothing."""
        matrix = self.matrix(size)
        view = np.rad2deg(2 * np.arctan(np.array(size) / (2 * matrix[[0, 1], [0, 1]]))).max()
        if view <= WIDEST_VIEW:
            return None
        return (
            f'a focal length of {matrix[0, 0]:g} px gives an image of {size[0]} x {size[1]} px a '
            f'field of view of {view:.0f} degrees. It is in px, not mm: px = mm / 36 * width, with '
            'the mm of a full-frame camera (35 mm equivalent)'
        )


@dataclass
class ImageJob:
    """An image, its camera, and the persons that come out of the model one after the other.

    Args:
        path: The image file, or the video.
        image: (H, W, 3) uint8 RGB.
        intrinsics: (3, 3) px.
        frame_index: Number of the image in its video, -1 for a photograph.
        frame_rate: Frames per second of the video, 0 for a photograph.
        source: What the keypoints come from, for messages.
        num_pending: Persons still to come.
        samples: Persons with a mesh.
    """

    path: Path
    image: np.ndarray
    intrinsics: np.ndarray
    frame_index: int = -1
    frame_rate: float = 0.0
    source: str = ''
    num_pending: int = 0
    samples: list[MeshDataSample] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Names the image in messages."""
        frame = '' if self.frame_index < 0 else f', frame {self.frame_index}'
        return f'{self.path}{frame}'

    def sample_of(self, person: Person) -> dict:
        """What the pipeline needs to know about a person, with the image.

        Raises:
            ValueError: all confident keypoints lie outside the image, keypoints are not finite, or
                confidences are above ``MAX_SCORE``.
        """
        if not person.is_finite:
            raise ValueError(
                f'its keypoints, scores or box have NaN or infinite entries in {self.source}'
            )
        if person.scores.max(initial=0) > MAX_SCORE:
            raise ValueError(
                f'its confidences reach {person.scores.max():g} in {self.source}, expected 0 to 1: '
                'divide percent by 100, take the logistic function of logits'
            )
        confident = person.keypoints[person.scores > MIN_SCORE]
        size = self.image.shape[1::-1]
        inside = ((confident > -0.5) & (confident < np.array(size) - 0.5)).all(axis=1)
        if len(confident) and not inside.any():
            raise ValueError(
                f'all {len(confident)} confident keypoints lie outside the image of {size} px, the '
                f'first at {confident[0].tolist()}; are they of another image, or of one resized?'
            )
        return {
            'img_path': str(self.path),
            'img': self.image,
            'ori_shape': size,
            'focal_length': self.intrinsics[[0, 1], [0, 1]].astype(np.float32),
            'principal_point': self.intrinsics[:2, 2].astype(np.float32),
            'sample_idx': person.person_id,
            'keypoints': person.keypoints,
            # The score of a derived joint is a product, which two negative ones make positive.
            'keypoint_scores': np.clip(person.scores, 0, 1),
            'keypoint_set': person.keypoint_set,
            'bbox_xywh': person.bbox_xywh,
        }

    def crops(
        self,
        persons: Sequence[Person],
        pipeline: Callable[[dict], dict],
        problems: list[Problem],
    ) -> list[dict]:
        """Crop and sample of every person that can be used.

        Args:
            persons: The persons of the image.
            pipeline: Makes a crop of what :meth:`sample_of` returns.
            problems: Persons that cannot be used are added here.
        """
        crops = []
        for person in persons:
            try:
                crops.append(pipeline(self.sample_of(person)))
            except ValueError as error:
                problems.append(Problem(self.label, str(error), person.person_id))
        return crops

    def receive(self, sample: MeshDataSample) -> Problem | None:
        """Take a person from the model; a mesh that is not finite is left out."""
        self.num_pending -= 1
        if not sample.pred_instances.vertices.isfinite().all():
            message = 'the predicted mesh is not finite; is the checkpoint from a diverged run?'
            return Problem(self.label, message, sample.sample_idx)
        self.samples.append(sample)
        return None

    def meshes(self, body_model: nn.Module, *, surface: bool = True) -> ImageMeshes:
        """The persons in the camera of the whole image.

        Args:
            body_model: Body model of the predictions.
            surface: Whether with what the body model computes; if not, there are no vertices and
                faces, and the skeleton is NaN.
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
            vertices=self._stack('vertices')[:, : None if surface else 0] + offset,
            faces=body_model.faces[: None if surface else 0].cpu().numpy().astype(np.int32),
            joints=self._stack('joints') + offset,
            joint_names=np.array(get_keypoint_set(self.samples[0].keypoint_set).names),
            keypoints=np.stack(keypoints),
            keypoint_scores=np.stack(scores),
            keypoints_visible=np.stack(visible),
            boxes=np.stack([sample.bbox_xywh for sample in self.samples]),
            skeleton=self._skeleton(body_model) if surface else self._no_skeleton(),
            frame_index=self.frame_index,
            frame_rate=self.frame_rate,
        )

    def _skeleton(self, body_model: nn.Module) -> np.ndarray:
        """Joints (P, 24, 3) of the kinematic tree in the camera of the whole image, m."""
        parameters = {name: self._predictions(name) for name in SMPL_FIELDS}
        with torch.no_grad():
            body = body_model(**parameters, transl=self._predictions('transl_full'))
        return body.joints.cpu().numpy()

    def _no_skeleton(self) -> np.ndarray:
        return np.full((len(self.samples), get_keypoint_set('smpl_24').num, 3), np.nan, np.float32)

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
