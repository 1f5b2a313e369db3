from importlib.util import find_spec

import pytest
import torch
from mmengine.registry import DefaultScope

from dpmesh_plugin.utils.mmcv_ops import import_openmmlab

CONFIGS = {
    'rtmpose': 'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_aic-coco-256x192.py',
    'hrnet': (
        'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
    ),
    'rtmdet': 'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
}


@pytest.fixture(scope='session')
def openmmlab(tmp_path_factory):
    """Makes ``config`` and ``checkpoint`` of networks of mmpose and mmdet with random weights."""
    if find_spec('mmpose') is None or find_spec('mmdet') is None:
        pytest.skip('mmpose and mmdet are not installed: make detectors')
    folder = tmp_path_factory.mktemp('openmmlab')

    def make(name, change=lambda state: None):
        from dpmesh_plugin.apis.detectors.openmmlab_model import config_file

        package = CONFIGS[name].partition('::')[0]
        apis = import_openmmlab(f'{package}.apis', 'a test')
        function = apis.init_model if package == 'mmpose' else apis.init_detector
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope(package):
            network = function(str(config_file(CONFIGS[name], 'a test')), None, device='cpu')
        state = network.state_dict()
        change(state)
        path = folder / f'{name}.pth'
        torch.save({'state_dict': state, 'meta': {'dataset_meta': network.dataset_meta}}, path)
        return {'config': CONFIGS[name], 'checkpoint': str(path)}

    return make
