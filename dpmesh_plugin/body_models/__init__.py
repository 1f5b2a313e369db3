"""Body models: the SMPL layer, the files it reads, keypoint regressors and the pose prior."""

from .body_layers import BodyLayers, BodyModelOutput
from .model_id import check_annotated_body
from .smpl import SMPL
from .vposer import VPoserDecoder

__all__ = ['SMPL', 'BodyLayers', 'BodyModelOutput', 'VPoserDecoder', 'check_annotated_body']
