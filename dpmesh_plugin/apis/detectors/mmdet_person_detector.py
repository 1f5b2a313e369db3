"""Person detectors of mmdet."""

from pathlib import Path

import numpy as np

from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.utils.mmcv_ops import import_openmmlab

from .base_detector import plain_facts
from .openmmlab_model import build_network, network_facts, scope_of


@DETECTORS.register_module()
class MMDetPersonDetector:
    """Any detector of mmdet that knows the class ``person``: RTMDet, Faster R-CNN, ...

    It finds boxes only: give it to a detector of joints as ``persons``.

    Args:
        config: Config file of mmdet, or ``'mmdet::rtmdet/rtmdet_m_8xb32-300e_coco.py'``.
        checkpoint: Its weights, a file.
        threshold: Least score of a person.

    Raises:
        ImportError: mmdet is not installed: ``make detectors``.
        FileNotFoundError: config or checkpoint are not there.
        ValueError: the checkpoint does not fit, or the detector knows no persons.
    """

    def __init__(
        self, *, config: str | Path, checkpoint: str | Path, threshold: float = 0.3
    ) -> None:
        user = type(self).__name__
        self.model = build_network('mmdet', 'init_detector', config, checkpoint, user)
        self._files = config, checkpoint
        self._apis = import_openmmlab('mmdet.apis', user)
        self.threshold = threshold
        classes = list(self.model.dataset_meta['classes'])
        if 'person' not in classes:
            raise ValueError(
                f'{checkpoint} detects {", ".join(classes[:10])}: expected a detector with the '
                "class 'person', such as one that was trained on COCO"
            )
        self.person_class = classes.index('person')

    def to(self, device: str) -> None:
        """Move the network."""
        self.model.to(device)

    def facts(self) -> dict[str, str]:
        """Its threshold, and what its network depends on."""
        return {**plain_facts(self), **network_facts(*self._files, type(self).__name__)}

    def find_boxes(self, image: np.ndarray, *, name: str | Path = '') -> np.ndarray:
        """Boxes (P, 4) (x, y, w, h) of the people, px of the image, the most certain first."""
        # Networks of mmdet turn their input from BGR to RGB where they were trained with RGB.
        with scope_of('mmdet'):
            found = self._apis.inference_detector(self.model, image[..., ::-1].copy())
        found = found.pred_instances.cpu()
        kept = (found.labels == self.person_class) & (found.scores > self.threshold)
        boxes = found.bboxes[kept].numpy().astype(np.float32)
        boxes[:, 2:] -= boxes[:, :2]
        return boxes
