import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.structures import MeshDataSample


@pytest.fixture
def sample():
    """Makes samples that differ by their index."""

    def make(index, *, truth=True, **metainfo):
        made = MeshDataSample(
            metainfo={
                'img_path': f'{index}.jpg',
                'warp_mat': np.full((2, 3), index, np.float32),
                'ori_shape': (640, 480 + index),
                **metainfo,
            }
        )
        made.prompt = InstanceData(keypoints=torch.full((1, 30, 2), float(index)))
        if truth:
            made.gt_instances = InstanceData(betas=torch.full((1, 10), float(index)))
        return made

    return make
