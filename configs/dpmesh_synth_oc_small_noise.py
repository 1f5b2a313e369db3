"""The small DPMesh trained with larger errors of keypoints than those of the detector."""

_base_ = './dpmesh_synth_oc_small.py'

model = dict(init_cfg=dict(checkpoint='work_dirs/dpmesh_synth_oc_small_aligned_noise/epoch_2.pth'))
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='KeypointJitter', sigma=(0.0, 0.08), drop_prob=0.1),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
