"""What is known about the persons of an image, as text."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from dpmesh_plugin.apis.mesh_file import ImageMeshes
from dpmesh_plugin.apis.mesh_schema import SCHEMA_VERSION
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.structures import SMPL_FIELDS
from dpmesh_plugin.utils.io import dump_json

from .base_exporter import BaseExporter, frame_file


@EXPORTERS.register_module(name='json')
class JSONExporter(BaseExporter):
    """Everything but the mesh as text: parameters, camera, named joints; one file per image.

    Convention: camera axes x right, y down, z forward, metres, as in the result files.
    """

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM_persons.json``, in a video ``STEM_json/persons_FRAME.json``."""
        paths = []
        for number, meshes in sequence.numbered_frames():
            path = frame_file(stem, number, 'persons', 'json')
            dump_json(_summary(meshes), path)
            paths.append(path)
        return paths


def _summary(meshes: ImageMeshes) -> dict[str, Any]:
    video = {'frame_index': meshes.frame_index, 'frame_rate': meshes.frame_rate}
    return {
        'schema_version': SCHEMA_VERSION,
        'image': meshes.image,
        'image_size': meshes.image_size.tolist(),
        'intrinsics': meshes.intrinsics.tolist(),
        'body_model_id': meshes.body_model_id,
        **(video if meshes.frame_index >= 0 else {}),
        'persons': [_person(meshes, row) for row in range(meshes.num_persons)],
    }


def _person(meshes: ImageMeshes, row: int) -> dict[str, Any]:
    parameters = (*SMPL_FIELDS, 'transl')
    joints, pixels = meshes.joints[row], _project(meshes.joints[row], meshes.intrinsics)
    return {
        'id': int(meshes.person_ids[row]),
        'box': meshes.boxes[row].tolist(),
        **{name: getattr(meshes, name)[row].tolist() for name in parameters},
        'joints': {
            str(name): {
                'position': joints[joint].tolist(),
                'pixel': pixels[joint].tolist(),
                'keypoint': meshes.keypoints[row, joint].tolist(),
                'score': float(meshes.keypoint_scores[row, joint]),
                'visible': bool(meshes.keypoints_visible[row, joint]),
            }
            for joint, name in enumerate(meshes.joint_names)
        },
    }


def _project(points: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Pixels (K, 2) of points (K, 3) in camera axes."""
    pixels = points @ intrinsics.T
    return pixels[:, :2] / pixels[:, 2:]
