import numpy as np
import pytest

from dpmesh_plugin.datasets.detector_noise import DetectorErrors

NUM_JOINTS = 17


def make_errors(seed: int = 0, **changes) -> DetectorErrors:
    rng = np.random.default_rng(seed)
    values = {
        'keypoint_set': 'coco_17',
        'threshold': 0.05,
        'jitter': rng.uniform(0.008, 0.03, NUM_JOINTS),
        'spread': np.array([1, 2, 2.5, 3, 1.5, 1.7]),
        'wild_share': rng.uniform(0, 0.08, NUM_JOINTS),
        'wild_jitter': 0.3,
        'side_swap': rng.uniform(0.01, 0.06, NUM_JOINTS),
        'person_swap': rng.uniform(0, 0.2, NUM_JOINTS),
        'miss': rng.uniform(0, 0.4, (6, NUM_JOINTS)),
        'confidence': np.sort(rng.uniform(0.06, 1, (6, 11))),
        'wrong_confidence': np.linspace(0.06, 0.8, 11),
    }
    return DetectorErrors(**values | changes)


def exact_errors(**changes) -> DetectorErrors:
    """A detector that never errs."""
    none = np.zeros(NUM_JOINTS)
    values = dict.fromkeys(('jitter', 'wild_share', 'side_swap', 'person_swap'), none)
    values |= {'miss': np.zeros((6, NUM_JOINTS)), 'confidence': np.full((6, 11), 0.9)}
    return make_errors(**values | changes)


@pytest.fixture
def errors() -> DetectorErrors:
    """A made-up detector with all kinds of errors."""
    return make_errors()


@pytest.fixture
def exact():
    """Makes a detector that only errs in what is given."""
    return exact_errors
