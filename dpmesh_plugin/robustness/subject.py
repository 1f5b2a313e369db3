"""What is put to the test: a model, its data and its metric."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from torch import nn
from torch.utils.data import DataLoader, Subset

from dpmesh_plugin.datasets import BaseMeshDataset, mesh_collate
from dpmesh_plugin.datasets.transforms import BodyModelKeypoints
from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.engine.hooks.evaluation_protocol_hook import check_body_models
from dpmesh_plugin.evaluation import JointMetric, MeshMetric, entries_of, metric_entries
from dpmesh_plugin.registry import DATASETS, MODELS
from dpmesh_plugin.structures import MeshDataSample, get_keypoint_set

# Steps of a test pipeline between which is the place to make a sample harder.
PROMPT_STEP, CROP_STEP = 'KeypointsToPrompt', 'CropBox'
METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE')


@dataclass(frozen=True)
class Errors:
    """Errors of some samples, in their order.

    Args:
        values: (N,) mm by metric; NaN where a prediction is not finite.
        joints: (N, K) mm.
        keypoints: (N,) how many keypoints the model was given.
    """

    values: dict[str, np.ndarray]
    joints: np.ndarray
    keypoints: np.ndarray


class Subject:
    """A model on some samples of a data set.

    Args:
        model: Estimator in evaluation mode.
        dataset: Data set of tests, its pipeline with ``KeypointsToPrompt`` and ``CropBox``.
        metric: Metric with the body model of the annotations.
        indices: Positions of the samples in the data set.
        batch_size: Samples at a time.
        num_workers: Processes that prepare samples.

    Raises:
        ValueError: the pipeline lacks a step.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        dataset: BaseMeshDataset,
        metric: MeshMetric,
        indices: Sequence[int],
        batch_size: int = 16,
        num_workers: int = 0,
    ) -> None:
        self.model, self.dataset, self.metric = model, dataset, metric
        self.indices = list(indices)
        self.batch_size, self.num_workers = batch_size, num_workers
        self.joint_names = get_keypoint_set(metric.joint_sets[0]).names
        self._steps = split_pipeline(dataset)
        self._truth = BodyModelKeypoints(body_model=metric.body_model)

    def samples(self, stress: Callable[[dict], dict] | None = None) -> Subset:
        """The samples, packed, harder by a stress; every access prepares anew."""
        before, after = self._steps
        harder = [] if stress is None else [stress]
        dataset = self.dataset.with_pipeline([*before, self._truth, *harder, *after])
        return Subset(dataset, self.indices)

    def errors(self, stress: Callable[[dict], dict] | None = None) -> Errors:
        """Errors of the samples, made harder by a stress."""
        loader = DataLoader(
            self.samples(stress),
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            collate_fn=mesh_collate,
        )
        return self.measure(loader)

    def measure(self, batches: Any) -> Errors:
        """Errors of batches as a loader gives them."""
        self.metric.results.clear()
        keypoints = []
        for batch in batches:
            predicted = self.predict(batch)
            keypoints += [int(s.prompt.keypoints_visible.sum()) for s in predicted]
            self.metric.process(None, [sample.to_dict() for sample in predicted])
        values, columns = self.metric.sample_values(), self.metric.errors()
        self.metric.results.clear()
        return Errors(
            values={name: values[name] for name in METRICS},
            joints=columns[f'{self.metric.joint_sets[0]}/joints'],
            keypoints=np.array(keypoints),
        )

    @torch.no_grad()
    def predict(self, batch: dict) -> list[MeshDataSample]:
        """Samples of a batch with their predictions."""
        return self.model.test_step(batch)


def split_pipeline(dataset: BaseMeshDataset) -> tuple[list, list]:
    """The steps of a pipeline up to the prompt, and those from the crop on.

    Raises:
        ValueError: a step is missing, or they are in another order.
    """
    steps = list(dataset.pipeline.transforms)
    names = [type(step).__name__ for step in steps]
    places = [names.index(name) if name in names else None for name in (PROMPT_STEP, CROP_STEP)]
    if None in places or places[0] > places[1]:
        raise ValueError(
            f'a stress test acts between {PROMPT_STEP} and {CROP_STEP} of the pipeline, which has: '
            f'{", ".join(names)}'
        )
    return steps[: places[1]], steps[places[1] :]


def choose_samples(size: int, count: int, seed: int) -> list[int]:
    """Positions of samples of a data set, drawn once for all curves; all if there are no more.

    Raises:
        ValueError: ``count`` is not positive.
    """
    if count < 1:
        raise ValueError(f'expected at least one sample, got {count}')
    if count >= size:
        return list(range(size))
    return sorted(np.random.default_rng(seed).choice(size, count, replace=False).tolist())


def build_data(cfg: Config) -> tuple[BaseMeshDataset, MeshMetric]:
    """Data set and metric of the tests of a config, with the neighbours of every person.

    Raises:
        KeyError: the config names a metric that does not exist.
        ValueError: the config has no tests, or no mesh metric.
    """
    if cfg.get('test_dataloader') is None or cfg.get('test_evaluator') is None:
        raise ValueError(f'{cfg.filename} has no test_dataloader or no test_evaluator')
    chosen = entries_of(cfg.test_evaluator, MeshMetric, but=(JointMetric,))
    if not chosen:
        found = ', '.join(str(entry['type']) for entry in metric_entries(cfg.test_evaluator))
        raise ValueError(f'the stress test needs a MeshMetric in test_evaluator, got {found}')
    evaluator = Evaluator({**chosen[0], 'metrics': METRICS})
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'with_neighbours': True})
    evaluator.dataset_meta = dataset.metainfo
    return dataset, evaluator.metrics[0]


def build_model(
    cfg: Config, checkpoint: str | None, *, device: torch.device, metric: MeshMetric, seed: int = 0
) -> nn.Module:
    """The model of a config in evaluation mode.

    Args:
        cfg: Config.
        checkpoint: Weights; None for those the config starts from.
        device: Where it runs.
        metric: What will measure it; must have the same body model.
        seed: Seed of weights that start at random.

    Raises:
        FileNotFoundError: there is no such checkpoint.
        ValueError: the checkpoint does not fit, or metric and model have different body models.
    """
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model)
    if checkpoint is not None:
        load_weights(model, checkpoint)
    check_body_models(model, Evaluator(metric))
    return model.to(device).eval()
