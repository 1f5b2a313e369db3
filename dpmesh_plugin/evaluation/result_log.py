"""A result in the log, with everything that is wrong with it."""

import logging
from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log

from .summary import Summary

# All samples are in the result file; the log names the first.
_LOGGED_SAMPLES = 5


def log_result(summary: Summary, protocol: Mapping[str, Any]) -> None:
    """Log the values, and as warnings what could not be measured."""
    samples, width = protocol['samples'], max(map(len, summary.metrics), default=0)
    units = {name: facts['unit'] for name, facts in protocol['definitions'].items()}
    rows = [
        f'  {name:<{width}}  {value:8.2f} {units.get(name, "mm")}'
        for name, value in summary.metrics.items()
    ]
    head = f'{protocol["dataset"]}: {samples["evaluated"]} of {samples["expected"]} samples'
    print_log('\n'.join([head, *rows]), 'current')
    warnings = [f'no {name}: {reason}' for name, reason in summary.empty.items()]
    skipped = list(protocol['skipped_samples'].items())[:_LOGGED_SAMPLES]
    warnings += [f'skipped sample {index}: {reason}' for index, reason in skipped]
    if samples['diverged']:
        named = ', '.join(map(str, protocol['diverged_samples'][:_LOGGED_SAMPLES]))
        more = ', ...' * (samples['diverged'] > _LOGGED_SAMPLES)
        warnings.append(
            f'{samples["diverged"]} predictions are not finite, so the means are not either: '
            f'sample_idx {named}{more}'
        )
    for warning in warnings:
        print_log(warning, 'current', level=logging.WARNING)
