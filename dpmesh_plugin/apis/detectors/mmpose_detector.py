"""Top-down pose estimators of mmpose."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.apis.joint_layouts import match_known_joints
from dpmesh_plugin.apis.person import Person, make_person
from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.utils.mmcv_ops import import_openmmlab

from .base_detector import PersonSource, TopDownDetector
from .openmmlab_model import build_network, network_facts, scope_of


@DETECTORS.register_module()
class MMPoseDetector(TopDownDetector):
    """Any top-down estimator of mmpose: RTMPose, HRNet, ...

    Joints are taken over by their names; those that no keypoint set here has are left out.

    Args:
        config: Config file of mmpose, or one that it brings:
            ``'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py'``.
        checkpoint: Its weights, a file.
        persons: Where people are, a config or an object: ``MMDetPersonDetector``, a
            ``KeypointFile`` with boxes, or any other detector. Without it boxes must be given,
            see :meth:`detect_in_boxes`.

    Raises:
        ImportError: mmpose is not installed: ``make detectors``.
        FileNotFoundError: config or checkpoint are not there.
        ValueError: the checkpoint does not fit, or ``persons`` finds nobody.
        KeyError: none of its joints is known here.
    """

    def __init__(
        self,
        *,
        config: str | Path,
        checkpoint: str | Path,
        persons: Mapping[str, Any] | PersonSource | None = None,
    ) -> None:
        user = type(self).__name__
        self.model = build_network('mmpose', 'init_model', config, checkpoint, user)
        self._files = config, checkpoint
        self._apis = import_openmmlab('mmpose.apis', user)
        self.persons = DETECTORS.build(persons) if isinstance(persons, Mapping) else persons
        if not isinstance(self.persons, PersonSource | None):
            raise ValueError(
                'persons must find boxes of people: expected an object with find_boxes, to and '
                f'facts, got {type(self.persons)}'
            )
        names = self.model.dataset_meta['keypoint_id2name']
        self.layout = match_known_joints([names[i] for i in range(len(names))])

    def to(self, device: str) -> None:
        """Move the network, and that which finds the persons."""
        self.model.to(device)
        if self.persons is not None:
            self.persons.to(device)

    def facts(self) -> dict[str, str]:
        """Those of the network, and of that which finds the persons."""
        return {**super().facts(), **network_facts(*self._files, type(self).__name__)}

    def detect(self, image: np.ndarray, *, name: str | Path = '') -> tuple[Person, ...]:
        """The people in an image.

        Raises:
            ValueError: there is nothing that finds boxes.
        """
        if self.persons is None:
            raise ValueError(
                "MMPoseDetector looks into boxes of people: state persons=dict(type='"
                "MMDetPersonDetector', config=..., checkpoint=...) or another source of boxes"
            )
        return self.detect_in_boxes(image, self.persons.find_boxes(image, name=name))

    def detect_in_boxes(self, image: np.ndarray, boxes: np.ndarray) -> tuple[Person, ...]:
        """The joints of people whose boxes are given; see the base class."""
        if not len(boxes):
            return ()  # mmpose would take the whole image as a person
        # mmpose expects what OpenCV reads and turns it as the network wants it.
        with scope_of('mmpose'):
            found = self._apis.inference_topdown(
                self.model, image[..., ::-1].copy(), np.asarray(boxes), 'xywh'
            )
        people = []
        for index, (sample, box) in enumerate(zip(found, boxes, strict=True)):
            instance = sample.pred_instances
            joints = np.column_stack([instance.keypoints[0], instance.keypoint_scores[0]])
            people.append(make_person(index, joints.astype(np.float32), box, self.layout))
        return tuple(people)
