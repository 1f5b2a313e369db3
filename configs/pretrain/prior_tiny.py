"""The small diffusion model, pretrained on the crops of SynthOC: autoencoder, then denoiser.

tools/pretrain_prior.py trains it and writes what configs/ablations/backbone_prior.py starts from.
"""

_base_ = [
    '../_base_/models/dpmesh_tiny.py',
    '../_base_/datasets/synth_oc.py',
    '../_base_/schedules/dpmesh_20e.py',
    '../_base_/default_runtime.py',
]

find_unused_parameters = True  # of two parts one is trained
model = dict(
    _delete_=True,
    type='DiffusionPretrainer',
    unet=_base_.model.backbone.unet,
    vae=_base_.model.backbone.vae,
    autoencoder_steps=2000,
)
train_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox', margin=(1.0, 1.2)),
    dict(type='TopdownAffine', absent_keypoints='zero'),
    dict(type='PackMeshInputs'),
]
train_dataloader = dict(
    batch_size=16,
    sampler=dict(_delete_=True, type='InfiniteEpochSampler', seed=0),
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = val_evaluator = val_cfg = None
test_dataloader = test_evaluator = test_cfg = visualizer = None
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=8000)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=0.01), clip_grad=dict(max_norm=1.0))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, begin=2000, end=8000)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=500, max_keep_ckpts=2))
log_processor = dict(by_epoch=False)
