"""The comparison of this package with a directory of recorded numbers."""

from pathlib import Path

import torch

from .joint_maps import compare_joint_maps
from .metrics import compare_metrics
from .network import compare_losses, compare_network
from .official_model import build_model
from .parity_set import ParitySet
from .preparation import compare_preparation
from .rotations import compare_rotations
from .rows import Report
from .training_targets import compare_training_targets

# Comparisons that need no weights.
WEIGHTLESS = (
    compare_metrics,
    compare_preparation,
    compare_rotations,
    compare_training_targets,
    compare_joint_maps,
)


def check_parity(folder: str | Path, size: str, salt: str = '') -> Report:
    """Compare everything that a directory in the layout of the reference set holds.

    Args:
        folder: The directory.
        size: ``'tiny'`` or ``'full'``.
        salt: Text appended to every key of the fill rule.

    Raises:
        FileNotFoundError: no directory, manifest, inputs or body.
        ValueError: a damaged file, or an unknown size.
        KeyError: a file lacks an entry.
    """
    parity, report = ParitySet(Path(folder), size, salt), Report()
    inputs = parity.inputs
    model = build_model(parity, report)
    report.notes.append(f'network: batch of {len(inputs["img_u8"])} images, float32 on the CPU')
    compare_network(parity, model, report)
    compare_losses(parity, model, report)
    body = model.body_model
    with torch.no_grad():
        for compare in WEIGHTLESS:
            compare(parity, body, report)
    return report
