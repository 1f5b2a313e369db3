import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import Dataset

from dpmesh_plugin.structures import MeshDataSample


class Persons(Dataset):
    """Five grey crops, or samples without."""

    metainfo = {'dataset_name': 'fake'}

    def __init__(self, dtype=torch.uint8, crops=True):
        self.dtype = dtype
        self.crops = crops

    def __len__(self):
        return 5

    def __getitem__(self, index):
        sample = MeshDataSample(metainfo={'sample_idx': index})
        if not self.crops:
            return {'data_samples': sample}
        return {'inputs': torch.full((3, 8, 6), index, dtype=self.dtype), 'data_samples': sample}


class Estimator(BaseModel):
    """One linear layer with the three modes of an estimator."""

    def __init__(self, width=2):
        super().__init__()
        self.layer = nn.Linear(3, width)

    def forward(self, inputs, data_samples, mode='tensor'):
        colours = torch.stack([crop.float().mean((1, 2)) for crop in inputs])
        output = self.layer(colours)
        if mode == 'loss':
            return {'loss': output.square().mean()}
        for sample, row in zip(data_samples, output, strict=True):
            sample.pred_instances = InstanceData(vertices=row[None])
        return data_samples


class Recorder(BaseMetric):
    """Counts samples, and keeps what the message hub says when they are evaluated."""

    default_prefix = ''

    def __init__(self, read):
        super().__init__()
        self.read = read

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        self.facts = self.read()
        return {'count': len(results)}


class RecordingVisualizer(Visualizer):
    """Keeps what it is asked to draw."""

    def __init__(self, name):
        super().__init__(name)
        self.drawn = []

    def add_datasample(self, name, image, data_sample=None, **options):
        self.drawn.append((name, np.array(image), data_sample, options))


@pytest.fixture
def estimator():
    return Estimator


@pytest.fixture
def make_runner(tmp_path, request):
    """A runner of tiny real parts; ``hooks`` are put beside the default ones."""

    def make(
        *,
        hooks,
        model=None,
        read=lambda: None,
        train_data=None,
        dtype=torch.uint8,
        crops=True,
        **options,
    ):
        name = f'{request.node.name}-{id(options)}'
        loader = {
            'dataset': Persons(dtype, crops),
            'batch_size': 2,
            'num_workers': 0,
            'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        }
        config = tmp_path / 'tiny.py'
        config.write_text('')
        defaults = {
            'train_cfg': {'by_epoch': False, 'max_iters': 2, 'val_interval': 2},
            'optim_wrapper': {'optimizer': {'type': 'SGD', 'lr': 0.1}},
            'val_dataloader': loader,
            'val_cfg': {},
            'val_evaluator': [Recorder(read)],
            'work_dir': str(tmp_path),
            'log_level': 'ERROR',
        }
        return Runner(
            model=model or Estimator(),
            train_dataloader=loader if train_data is None else {**loader, 'dataset': train_data},
            test_dataloader=loader,
            test_cfg={},
            test_evaluator=[Recorder(read)],
            custom_hooks=hooks,
            visualizer=RecordingVisualizer(name=name),
            experiment_name=name,
            cfg=Config.fromfile(config),
            default_scope='dpmesh_plugin',
            **(defaults | options),
        )

    return make
