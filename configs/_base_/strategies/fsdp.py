"""Weights, gradients and optimizer state in shards over the processes (FSDP).

``blocks``: layers that are gathered only while they run. Attention layers of the UNet are called
part by part, to get at their maps, so they belong to the rest.
"""

runner_type = 'FlexibleRunner'
strategy = dict(
    type='dpmesh_plugin.FullyShardStrategy',
    blocks=('ResnetBlock2D', 'FeedForward', 'PositionEncoderLayer', 'PositionDecoderLayer'),
)
