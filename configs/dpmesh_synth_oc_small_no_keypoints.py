"""The small DPMesh without keypoint condition: only the place of the crop follows the keypoints."""

_base_ = './dpmesh_synth_oc_small.py'

model = dict(
    init_cfg=None,
    trainable=None,
    backbone=dict(controlnet=None, trainable=('vae', 'unet')),
    neck=dict(keypoint_tokens=False, inject_heatmaps=False, embedding=None),
    head=dict(alignment=None),
)
optim_wrapper = dict(paramwise_cfg=None)
