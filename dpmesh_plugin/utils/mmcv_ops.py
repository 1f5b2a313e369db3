"""mmpose and mmdet on an mmcv without compiled operators."""

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, NoReturn

from torch import Tensor
from torchvision.ops import nms

_INSTALL = {
    'mmpose': 'make detectors',
    'mmdet': 'make detectors',
    'mmpretrain': 'pip install --no-deps mmpretrain',
}


def import_openmmlab(module: str, user: str) -> Any:
    """Import a module of the OpenMMLab family, also where mmcv has no compiled operators.

    Such an mmcv cannot be imported as a whole. Its operators are then replaced by functions that
    say what is missing when one is called; the one that person detectors need, non-maximum
    suppression, comes from torchvision. Compiled operators are used where they are.

    Args:
        module: For example ``'mmpose.apis'``.
        user: What needs it, for the message.

    Raises:
        ImportError: the package is not installed.
    """
    package = module.partition('.')[0]
    if find_spec(package) is None:
        advice = _INSTALL.get(package, f'pip install {package}')
        raise ImportError(
            f'{user} needs the package {package}, which is not installed: {advice}', name=package
        )
    if find_spec('mmcv._ext') is None:
        importlib.import_module('mmcv.utils.ext_loader').load_ext = _stand_ins
    return importlib.import_module(module)


def _stand_ins(name: str, functions: Sequence[str]) -> SimpleNamespace:
    """What mmcv's ``load_ext`` returns: a function for every operator."""
    table: dict[str, Callable] = {each: partial(_refuse, each) for each in functions}
    return SimpleNamespace(**{**table, **({'nms': _nms} if 'nms' in functions else {})})


def _nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Kept boxes, best first. With ``offset`` 1, corners name whole pixels."""
    if offset:
        boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
    return nms(boxes, scores, iou_threshold)


def _refuse(name: str, *args: object, **kwargs: object) -> NoReturn:
    raise NotImplementedError(
        f'the operator {name!r} needs an mmcv with compiled operators: pip install '
        '--no-build-isolation --no-cache-dir onedl-mmcv, with torch, setuptools and ninja present'
    )
