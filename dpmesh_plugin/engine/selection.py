"""How a checkpoint was chosen, and that the test set had no part in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import Dataset

from dpmesh_plugin.datasets import BaseMeshDataset
from dpmesh_plugin.datasets.nesting import innermost
from dpmesh_plugin.registry import DATASETS

SELECTION_KEY = 'selection'
"""Entry of a checkpoint's ``meta`` with :func:`schedule_record` or :func:`best_record`."""


def schedule_record(counts: Mapping[str, int], *, last: bool) -> dict[str, Any]:
    """The record of a checkpoint that no measurement has chosen.

    Args:
        counts: ``epoch`` and ``iter`` that are done.
        last: Whether the training ends there.
    """
    return {'rule': 'last' if last else 'schedule', **counts}


def best_record(
    counts: Mapping[str, int],
    *,
    metric: str,
    direction: str,
    score: float,
    metainfo: Mapping[str, Any],
) -> dict[str, Any]:
    """The record of a checkpoint that was the best of its run so far.

    Args:
        counts: ``epoch`` and ``iter`` that are done.
        metric: What was compared.
        direction: ``'less'`` or ``'greater'`` is better.
        score: Its value.
        metainfo: Of the data set it was measured on.
    """
    return {
        'rule': 'best',
        'metric': metric,
        'direction': direction,
        'score': score,
        'dataset': metainfo.get('dataset_name'),
        'split': metainfo.get('subset'),
        **counts,
    }


def recorded_best(checkpoint: Mapping[str, Any]) -> set[str]:
    """File names of the best checkpoints of a run, as it records them; one for each metric.

    Args:
        checkpoint: The latest one of the run, to be resumed from.
    """
    info = checkpoint.get('message_hub', {}).get('runtime_info', {})
    return {Path(path).name for key, path in info.items() if key.startswith('best_ckpt')}


def check_unseen(validation: Dataset, test_config: Mapping[str, Any] | None) -> None:
    """Refuse to choose a checkpoint by images that it will be tested on.

    Args:
        validation: Data set of the validation.
        test_config: Config of the data set of the test. Where its files are not at hand, or it is
            not one of this package, there is nothing to compare, which is logged.

    Raises:
        ValueError: the two sets have images in common.
    """
    tested = _images_of_config(test_config or {})
    common = sorted(tested & set(_images(validation)))
    if common:
        raise ValueError(
            f'save_best would choose the checkpoint by {len(common)} of the {len(tested)} images '
            f'it is tested on, such as {common[0]}. Validate on others: make_synth_oc.py --val '
            "writes synth_oc_val.json, 3DPW has subset='validation' (3DPW-OC, -PC and -Crowd share "
            'images with it); or set save_best=None'
        )


def _images(dataset: Dataset) -> Iterator[str]:
    """Paths of all images of a data set of this package, under whatever wraps it, or none."""
    for part in innermost(dataset):
        if isinstance(part, BaseMeshDataset):
            for index in range(len(part)):
                yield str(Path(part.get_data_info(index)['img_path']).resolve())


def _images_of_config(config: Mapping[str, Any]) -> set[str]:
    kind = DATASETS.get(config['type']) if isinstance(config.get('type'), str) else None
    reason = 'no data set of this package'
    if isinstance(kind, type) and issubclass(kind, BaseMeshDataset):
        try:
            return set(_images(DATASETS.build({**config, 'pipeline': []})))
        except FileNotFoundError as error:
            reason = str(error)
    print_log(f'validation and test set could not be compared: {reason}', 'current')
    return set()
