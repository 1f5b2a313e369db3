"""Installation. The OpenMMLab packages are not required by distribution name.

mmengine and mmcv exist as the original and as a maintained fork under the same import name, and
installing both breaks each other; ``requirements/mminstall.txt`` names the ones to install, and the
package checks the version it finds when it is imported.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Lines of a requirements file without comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


setup(
    name='dpmesh_plugin',
    version=runpy.run_path(str(ROOT / 'dpmesh_plugin' / 'version.py'))['__version__'],
    description='Occluded human mesh recovery with a diffusion prior, for the OpenMMLab runner',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['dpmesh_plugin', 'dpmesh_plugin.*']),
    package_data={'dpmesh_plugin': ['body_models/assets/*']},
    python_requires='>=3.10',
    install_requires=requirements('runtime'),
)
