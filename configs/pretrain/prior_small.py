"""The diffusion model of the small DPMesh that comes with the package, pretrained on SynthOC."""

_base_ = './prior_tiny.py'

model = dict(
    autoencoder_steps=600,
    unet=dict(block_out_channels=(32, 64, 128)),
    vae=dict(block_out_channels=(8, 8, 16, 32), latent_channels=16),
)
train_pipeline = [
    {**step, 'input_size': (128, 128)} if step['type'] == 'TopdownAffine' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
train_cfg = dict(max_iters=2600)
param_scheduler = dict(begin=600, end=2600)
