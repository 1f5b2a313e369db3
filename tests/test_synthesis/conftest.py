import pytest

from dpmesh_plugin.synthesis import SceneGenerator
from dpmesh_plugin.synthesis.body import BodyPoser


@pytest.fixture(scope='session')
def poser() -> BodyPoser:
    return BodyPoser()


@pytest.fixture(scope='session')
def generator(poser) -> SceneGenerator:
    """Scenes of half the usual size, without supersampling."""
    return SceneGenerator(image_size=128, supersample=1, poser=poser)
