"""DPMesh for the OpenMMLab runner: human mesh recovery under occlusion with a diffusion prior."""

import mmengine
from mmengine.utils import digit_version

from .version import __version__

MMENGINE_MINIMUM = '0.10.8'

if digit_version(mmengine.__version__) < digit_version(MMENGINE_MINIMUM):
    raise ImportError(
        f'dpmesh_plugin needs mmengine >= {MMENGINE_MINIMUM}, found {mmengine.__version__} in '
        f'{mmengine.__file__}. Install the maintained fork: '
        'pip uninstall mmengine; pip install -r requirements/mminstall.txt'
    )

__all__ = ['MMENGINE_MINIMUM', '__version__']
