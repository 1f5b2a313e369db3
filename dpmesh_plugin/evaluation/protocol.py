"""What a number was measured on and how: the part of a result that makes it comparable."""

from collections.abc import Mapping
from typing import Any

import mmengine
import numpy as np
import torch
from mmengine.logging import MessageHub

from dpmesh_plugin.body_models import is_smpl
from dpmesh_plugin.version import __version__

# Entry of the message hub in which the runner's hook describes the weights under evaluation.
PROTOCOL_KEY = 'evaluation_protocol'
# Where joints and vertices are, whatever they are made relative to.
FRAME = 'camera axes (x right, y down, z forward)'
# What is said about weights; ``checkpoint_selection`` is how they were chosen from a training.
_WEIGHT_FACTS = (
    'config',
    'checkpoint',
    'checkpoint_sha256',
    'checkpoint_selection',
    'iteration',
)


def benchmark_title(dataset_meta: Mapping[str, Any], body_model_id: str) -> str:
    """Name of what was measured; benchmarks are defined on SMPL, any other body model is named.

    Args:
        dataset_meta: Meta information of the data set with ``dataset_name`` and, where it has
            parts, ``subset``.
        body_model_id: ``model_id`` of the body model the meshes were made with.

    Returns:
        For example ``'3DPW (oc)'`` or ``'SynthOC (test), measured on openbody-1'``.
    """
    subset = dataset_meta.get('subset')
    title = dataset_meta['dataset_name'] + (f' ({subset})' if subset else '')
    if is_smpl(body_model_id):
        return title
    return f'{title}, measured on {body_model_id}'


def data_facts(dataset_meta: Mapping[str, Any] | None, body_model_id: str) -> dict[str, Any]:
    """What was measured: data set, keypoints, body model.

    Args:
        dataset_meta: Meta information of the data set.
        body_model_id: ``model_id`` of the body model.
    """
    meta = {'dataset_name': 'unnamed data set', **(dataset_meta or {})}
    return {
        'dataset': benchmark_title(meta, body_model_id),
        'subset': meta.get('subset'),
        'body_model': body_model_id,
        'keypoint_source': meta.get('keypoint_source'),
    }


def sample_facts(
    columns: Mapping[str, np.ndarray], skipped: Mapping[Any, str], *, expected: int
) -> dict[str, Any]:
    """How many samples were measured, and which were not.

    Args:
        columns: Of :class:`~.sample_errors.MeshComparison`.
        skipped: Why samples were skipped.
        expected: Number of samples in the data set.
    """
    errors = next(column for name, column in columns.items() if name.endswith('/joints'))
    diverged = np.isnan(errors).any(axis=1)
    return {
        'samples': {
            'expected': expected,
            'evaluated': len(diverged),
            'skipped': expected - len(diverged),
            'diverged': int(diverged.sum()),
        },
        'skipped_samples': {str(index): reason for index, reason in skipped.items()},
        'diverged_samples': columns['sample_idx'][diverged].tolist(),
    }


def weights_under_test() -> dict[str, Any]:
    """What the runner's hook says about the weights; None for each fact nobody stated."""
    facts = dict.fromkeys(_WEIGHT_FACTS)
    return facts | MessageHub.get_current_instance().get_info(PROTOCOL_KEY, {})


def versions() -> dict[str, str]:
    """Versions of what took part in a measurement."""
    return {
        'dpmesh_plugin': __version__,
        'mmengine': mmengine.__version__,
        'torch': torch.__version__,
        'numpy': np.__version__,
    }
