"""Body models: the SMPL layer, the files it reads, keypoint regressors and the pose prior."""

from .body_layers import BodyLayers, BodyModelOutput
from .model_id import SMPL_FAMILY, check_annotated_body, is_smpl
from .smpl import SMPL
from .vposer import VPoserDecoder

__all__ = [
    'SMPL',
    'SMPL_FAMILY',
    'BodyLayers',
    'BodyModelOutput',
    'VPoserDecoder',
    'check_annotated_body',
    'is_smpl',
]
