"""Data sets, one file each, and the transforms of their pipelines."""

from . import transforms
from .base_mesh_dataset import BaseMeshDataset
from .coco_smpl import CocoSMPLDataset
from .collate import mesh_collate
from .crowdpose_smpl import CrowdPoseSMPLDataset
from .cutout_folder import CutoutFolder
from .epoch_sampler import EpochSampler
from .human36m import Human36MDataset
from .image_folder import ImageFolderDataset
from .infinite_epoch_sampler import InfiniteEpochSampler
from .latent_cache_dataset import LatentCacheDataset
from .mixed_mesh_dataset import MixedMeshDataset
from .muco_3dhp import MuCo3DHPDataset
from .oh3d import OH3DDataset
from .panoptic import PanopticDataset
from .prepared_dataset import PreparedDataset
from .pw3d import PW3DDataset
from .schema_mesh_dataset import SchemaMeshDataset
from .synth_oc import SynthOCDataset

__all__ = [
    'BaseMeshDataset',
    'CocoSMPLDataset',
    'CrowdPoseSMPLDataset',
    'CutoutFolder',
    'EpochSampler',
    'Human36MDataset',
    'ImageFolderDataset',
    'InfiniteEpochSampler',
    'LatentCacheDataset',
    'MixedMeshDataset',
    'MuCo3DHPDataset',
    'OH3DDataset',
    'PW3DDataset',
    'PanopticDataset',
    'PreparedDataset',
    'SchemaMeshDataset',
    'SynthOCDataset',
    'mesh_collate',
    'transforms',
]
