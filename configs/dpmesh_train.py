"""The published training on Human3.6M, MuCo, MSCOCO and CrowdPose; tested on 3DPW-OC (table 1).

From Stable Diffusion 1.5 with ControlNet-OpenPose: tools/model_converters/sd_to_dpmesh.py writes
``load_from``. 8 GPUs with 8 samples each, as published:
tools/dist_train.sh configs/dpmesh_train.py 8
"""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/pw3d.py',
    './_base_/datasets/dpmesh_mix.py',
    './_base_/schedules/dpmesh_20e.py',
    './_base_/default_runtime.py',
]

load_from = 'checkpoints/dpmesh_start.pth'
test_dataloader = dict(dataset=dict(subset='oc'))
test_evaluator = dict(body_model=_base_.body_model)
