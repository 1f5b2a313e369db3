"""All key poses by name."""

from functools import lru_cache

from . import low, moving, seated, sports, standing
from .notation import KeyPose, solve


@lru_cache
def load_key_poses() -> dict[str, KeyPose]:
    """The key poses by name, solved once per process."""
    modules = (standing, moving, sports, seated, low)
    figures = [figure for module in modules for figure in module.FIGURES]
    return {figure.name: solve(figure) for figure in figures}
