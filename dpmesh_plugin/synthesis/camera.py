"""Cameras over a floor.

Convention: the world has y up, the floor at y = 0 and the camera above the origin, looking towards
-z when its pitch is zero. Camera axes are x right, y down, z forward; pixel centres are integers.
With pitch and roll zero and height 1.5 m the floor point (0, 0, -3) has camera coordinates
(0, 1.5, 3).
"""

from dataclasses import dataclass

import numpy as np

from .rotations import axis_turns

_LEVEL = np.diag([1.0, -1.0, -1.0])
PITCH_MEAN_DEGREES, PITCH_SPREAD_DEGREES = 9.0, 9.0
PITCH_RANGE_DEGREES = (-10.0, 38.0)
ROLL_SPREAD_DEGREES = 2.0
VIEW_ANGLE_DEGREES = (28.0, 62.0)


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera.

    Args:
        size: Image side in px; images are square.
        focal: Focal length in px.
        rotation: (3, 3) from world axes to camera axes.
        height: Metres above the floor.
    """

    size: int
    focal: float
    rotation: np.ndarray
    height: float = 0.0

    @property
    def intrinsics(self) -> np.ndarray:
        """Camera matrix (3, 3) in px."""
        centre = (self.size - 1) / 2
        return np.array([[self.focal, 0, centre], [0, self.focal, centre], [0, 0, 1]])

    @property
    def up(self) -> np.ndarray:
        """The world's up direction (3,) in camera axes."""
        return self.rotation[:, 1]

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points (N, 3) in camera axes."""
        return (points - [0, self.height, 0]) @ self.rotation.T

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the camera's axes in the world."""
        return points @ self.rotation + [0, self.height, 0]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of points (N, 3) in camera axes."""
        return points[:, :2] * (self.focal / points[:, 2:]) + (self.size - 1) / 2

    def rays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """World x, y, z (H, W) float32 of the pixels' directions, with depth 1 to the camera."""
        steps = (np.arange(self.size) - (self.size - 1) / 2) / self.focal
        right, down, front = self.rotation
        return tuple(
            np.add.outer(steps * down[axis] + front[axis], steps * right[axis]).astype(np.float32)
            for axis in range(3)
        )


def camera_rotation(pitch: float, roll: float) -> np.ndarray:
    """World to camera rotation (3, 3) of a camera that looks down by ``pitch`` degrees."""
    return axis_turns('zx', roll, pitch) @ _LEVEL


def sample_camera(rng: np.random.Generator, size: int) -> Camera:
    """Draw pitch, roll and focal length; the height follows from the framing of the scene."""
    pitch = float(np.clip(rng.normal(PITCH_MEAN_DEGREES, PITCH_SPREAD_DEGREES),
                          *PITCH_RANGE_DEGREES))  # fmt: skip
    roll = float(rng.normal(0, ROLL_SPREAD_DEGREES))
    view = np.deg2rad(rng.uniform(*VIEW_ANGLE_DEGREES))
    focal = round(float(size / 2 / np.tan(view / 2)), 3)
    return Camera(size=size, focal=focal, rotation=camera_rotation(pitch, roll))
