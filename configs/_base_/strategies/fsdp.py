"""Weights, gradients and optimizer state in shards over the processes (FSDP).

``blocks``: the layers of the UNet, the control branch, the VAE and the head that are gathered only
while they run. The averaged weights of ``EMAHook`` do not go with it.
"""

runner_type = 'FlexibleRunner'
strategy = dict(
    type='dpmesh_plugin.FullyShardStrategy',
    blocks=(
        'ResnetBlock2D',
        'BasicTransformerBlock',
        'PositionEncoderLayer',
        'PositionDecoderLayer',
    ),
)
