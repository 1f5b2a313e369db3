from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from dpmesh_plugin.body_models import SMPL


@pytest.fixture(scope='session')
def body_model() -> SMPL:
    return SMPL().requires_grad_(False)


@pytest.fixture
def picture():
    """Writes a grey picture of a size (w, h)."""

    def write(path: Path, size=(64, 48)) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((size[1], size[0], 3), 128, np.uint8))

    return write


@pytest.fixture
def joints_of(body_model):
    """Joints (K, 3) of a body given as pose, shape, trans."""

    def compute(fit: dict, keypoint_set: str) -> np.ndarray:
        pose, shape, trans = (
            torch.tensor(np.array(fit[key], np.float32)).reshape(1, -1)
            for key in ('pose', 'shape', 'trans')
        )
        return body_model.keypoints(
            keypoint_set=keypoint_set,
            global_orient=pose[:, :3],
            body_pose=pose[:, 3:].reshape(1, 23, 3),
            betas=shape,
            transl=trans,
        )[0].numpy()

    return compute


@pytest.fixture
def fit() -> dict:
    """A body in some world, y up."""
    rng = np.random.default_rng(3)
    return {
        'pose': [0.1, 0.6, 0.2, *rng.normal(0, 0.2, 69)],
        'shape': rng.normal(0, 1, 10).tolist(),
        'trans': [0.3, -0.1, 0.4],
    }


@pytest.fixture
def camera() -> dict[str, np.ndarray]:
    """A camera that looks at it from four metres: rotation, translation (m), focal, centre."""
    turn = cv2.Rodrigues(np.array([0.0, 0.6, 0.0]))[0]
    return {
        'rotation': np.diag([1.0, -1.0, -1.0]) @ turn,
        'translation': np.array([0.1, 0.2, 4.0]),
        'focal': np.array([60.0, 61.0]),
        'centre': np.array([31.0, 25.0]),
    }


def look(points: np.ndarray, camera: dict) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 3) in camera axes and their pixels (K, 2)."""
    seen = points @ camera['rotation'].T + camera['translation']
    return seen, seen[:, :2] / seen[:, 2:] * camera['focal'] + camera['centre']


@pytest.fixture(name='look')
def _look():
    return look
