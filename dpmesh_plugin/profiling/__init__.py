"""What a model costs: counted without running it, and measured by running it."""

from .benchmark import BenchmarkOptions, Measurement, run_benchmark
from .cost import PartCost, built_model_cost, model_cost, total_cost
from .machine import machine_facts
from .parts import Part, count_parameters, parts_of
from .samples import random_batch
from .tables import benchmark_table, cost_table
from .variant import DTYPES, Variant, variants_of
from .watch import PartWatch
from .workload import Prediction, Training, Workload

__all__ = [
    'DTYPES',
    'BenchmarkOptions',
    'Measurement',
    'Part',
    'PartCost',
    'PartWatch',
    'Prediction',
    'Training',
    'Variant',
    'Workload',
    'benchmark_table',
    'built_model_cost',
    'cost_table',
    'count_parameters',
    'machine_facts',
    'model_cost',
    'parts_of',
    'random_batch',
    'run_benchmark',
    'total_cost',
    'variants_of',
]
