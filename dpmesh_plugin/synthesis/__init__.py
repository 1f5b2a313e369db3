"""SynthOC: generated scenes of occluded people with exact annotations.

A scene is arranged (:mod:`.people`, :mod:`.staging`), drawn (:mod:`.scene`), judged (:mod:`.truth`,
:mod:`.visibility`) and written (:mod:`.annotations`, :mod:`.writer`). Poses are blends of key poses
(:mod:`.key_poses`, :mod:`.poses`).

The same things and people, cut out, are occluders for other pictures (:mod:`.cutouts`).

- Bodies are the open body; ``vertices = SMPL(pose, shape) + trans`` in camera axes, and what is
  drawn is the body with the rounded parameters of the file, plus up to 3 cm of clothes and hair.
- A sample depends on seed, split and number only, not on how many there are or who computes it.
  The bytes are the same wherever the same versions of NumPy, torch and OpenCV compute alike.
- Every image holds a person with at least four visible COCO joints. Others in the image are
  annotated when they pass the same rule, so there are more annotations than images.
- Sequences only group files; their images are independent of each other.
- Keypoints are noisy by a model of our own (:mod:`.detector_noise`), not by a detector.
"""

from .cutouts import RenderedObjects, RenderedPeople
from .dataset_folder import DatasetRequest, annotation_file, is_complete
from .scene import Scene, SceneGenerator
from .truth import PersonTruth
from .writer import sample_rng, write_dataset

__all__ = [
    'DatasetRequest',
    'PersonTruth',
    'RenderedObjects',
    'RenderedPeople',
    'Scene',
    'SceneGenerator',
    'annotation_file',
    'is_complete',
    'sample_rng',
    'write_dataset',
]
