"""How errors grow when it gets harder to see a person, or the keypoints are wrong."""

from .catalogue import all_stresses, chosen_stresses, prepare_occluders
from .curves import areas, curve, mean_height, sweep
from .examples import draw_examples
from .figures import draw_curves, draw_sensitivity
from .observed import CONDITIONS, measure_predictions, observed_curve
from .report import Report
from .sensitivity import Slider, sensitivity_map
from .stresses import Stress, StressTransform
from .subject import METRICS, Errors, Subject, build_data, build_model, choose_samples

__all__ = [
    'CONDITIONS',
    'METRICS',
    'Errors',
    'Report',
    'Slider',
    'Stress',
    'StressTransform',
    'Subject',
    'all_stresses',
    'areas',
    'build_data',
    'build_model',
    'choose_samples',
    'chosen_stresses',
    'curve',
    'draw_curves',
    'draw_examples',
    'draw_sensitivity',
    'mean_height',
    'measure_predictions',
    'observed_curve',
    'prepare_occluders',
    'sensitivity_map',
    'sweep',
]
