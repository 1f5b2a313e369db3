import pytest
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import nn

from dpmesh_plugin.models import MeshDataPreprocessor
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset

TINY_TRANSFORMER = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 16}


@pytest.fixture
def tiny_config() -> dict:
    """The published design at the smallest widths."""
    return {
        'type': 'MeshEstimator',
        'backbone': {
            'type': 'DiffusionPriorBackbone',
            'unet': {
                'block_out_channels': (8, 8, 8, 8),
                'layers_per_block': 1,
                'cross_attention_dim': 8,
                'attention_head_dim': 2,
                'norm_num_groups': 4,
            },
            'vae': {
                'block_out_channels': (4, 4, 4, 4),
                'layers_per_block': 1,
                'norm_num_groups': 4,
            },
            'controlnet': {},
            'lora': {'rank': 2},
        },
        'neck': {'type': 'KeypointConditionNeck', 'out_channels': 16},
        'head': {
            'type': 'SMPLTokenHead',
            'body_model': {'type': 'SMPL'},
            'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8},
            'volume': {'type': 'FeatureVolume', 'channels': 8, **TINY_TRANSFORMER},
            'image_transformer': {'type': 'ImageTransformer', **TINY_TRANSFORMER},
            'decoder': {'type': 'TokenDecoder', **TINY_TRANSFORMER},
        },
    }


class PlainNeck(nn.Linear):
    """Tokens of the prompt, and the mean over the image after a linear layer."""

    def encode(self, samples: list) -> torch.Tensor:
        return torch.cat([sample.prompt.keypoints for sample in samples]).flatten(1)


class PlainHead(nn.Module):
    """Vertices from a linear layer, moved by the body model."""

    def __init__(self) -> None:
        super().__init__()
        self.regressor = nn.Linear(8, 6)
        self.body_model = nn.Linear(6, 6)

    def forward(self, feats: torch.Tensor) -> torch.Tensor:
        return self.body_model(self.regressor(feats)).unflatten(1, (2, 3))


class PlainEstimator(BaseModel):
    """An estimator whose cost can be worked out by hand."""

    def __init__(self) -> None:
        super().__init__(data_preprocessor=MeshDataPreprocessor())
        self.backbone = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.neck = PlainNeck(4, 8)
        self.head = PlainHead()
        self.backbone.requires_grad_(False)

    def forward(self, inputs: torch.Tensor, data_samples: list, mode: str) -> list:
        samples = list(data_samples)
        self.neck.encode(samples)
        feats = self.neck(self.backbone(inputs).mean(dim=(2, 3)))
        for sample, vertices in zip(samples, self.head(feats), strict=True):
            sample.pred_instances = InstanceData(vertices=vertices[None])
        return samples


@pytest.fixture
def plain_model() -> PlainEstimator:
    torch.manual_seed(0)
    return PlainEstimator()


@pytest.fixture(scope='session')
def synth_oc(tmp_path_factory):
    """A folder with a SynthOC of a few small pictures."""
    folder = tmp_path_factory.mktemp('synth_oc')
    request = DatasetRequest(train=3, test=1, seed=1, image_size=64, supersample=1)
    write_dataset(folder, request, workers=1)
    return folder
