import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.utils.mmcv_ops import _nms, _refuse, import_openmmlab

PLACES = {'config': 'a.py', 'checkpoint': 'a.pth'}


@pytest.mark.parametrize(
    ('detector', 'package'), [('MMPoseDetector', 'mmpose'), ('MMDetPersonDetector', 'mmdet')]
)
def test_what_is_not_installed_is_named_with_how_to_install_it(detector, package):
    if find_spec(package) is not None:
        pytest.skip(f'{package} is installed here')
    message = f'{detector} needs the package {package}, which is not installed: make detectors'
    with pytest.raises(ImportError, match=message):
        DETECTORS.build({'type': detector, **PLACES})


def test_an_unknown_package_is_named():
    with pytest.raises(ImportError, match='a test needs the package nonesuch.*pip install none'):
        import_openmmlab('nonesuch.apis', 'a test')


def test_boxes_that_overlap_are_suppressed():
    boxes = torch.tensor([[0.0, 0, 9, 9], [0, 0, 9, 8], [20, 20, 29, 29]])
    scores = torch.tensor([0.5, 0.9, 0.1])
    assert _nms(boxes, scores, 0.5, 0).tolist() == [1, 2]
    # As corners 9 x 9 and 9 x 8 overlap by 0.889; as whole pixels 10 x 10 and 10 x 9 by 0.9.
    assert _nms(boxes, scores, 0.895, 0).tolist() == [1, 0, 2]
    assert _nms(boxes, scores, 0.895, 1).tolist() == [1, 2]


def test_an_operator_without_a_stand_in_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="'roi_align' needs an mmcv with compiled oper"):
        _refuse('roi_align', 1)


def test_mmpose_can_be_imported_without_compiled_operators(repo_root):
    pytest.importorskip('mmpose', reason='mmpose is not installed: make detectors')
    check = (
        'from dpmesh_plugin.utils.mmcv_ops import import_openmmlab\n'
        "import_openmmlab('mmpose.models', 'a test')\n"
    )
    subprocess.run([sys.executable, '-W', 'ignore', '-c', check], cwd=repo_root, check=True)
