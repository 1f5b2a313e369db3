"""What models and data cost: counted without running, and measured by running."""

from .annotation_index import IndexProfile, profile_index, repeat_annotations
from .benchmark import BenchmarkOptions, Measurement, run_benchmark
from .cost import PartCost, built_model_cost, model_cost, total_cost
from .loading import LoaderRate, measure_loader
from .machine import machine_facts
from .parts import Part, count_parameters, parts_of
from .pipeline import PipelineProfile, profile_pipeline
from .samples import crop_size, random_batch
from .tables import benchmark_table, cost_table
from .variant import DTYPES, Variant, variants_of
from .watch import PartWatch
from .workload import Prediction, Training, Workload

__all__ = [
    'DTYPES',
    'BenchmarkOptions',
    'IndexProfile',
    'LoaderRate',
    'Measurement',
    'Part',
    'PartCost',
    'PartWatch',
    'PipelineProfile',
    'Prediction',
    'Training',
    'Variant',
    'Workload',
    'benchmark_table',
    'built_model_cost',
    'cost_table',
    'count_parameters',
    'crop_size',
    'machine_facts',
    'measure_loader',
    'model_cost',
    'parts_of',
    'profile_index',
    'profile_pipeline',
    'random_batch',
    'repeat_annotations',
    'run_benchmark',
    'total_cost',
    'variants_of',
]
