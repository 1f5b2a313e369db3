"""How a model is spread over processes."""

from .fully_shard_strategy import FullyShardStrategy

__all__ = ['FullyShardStrategy']
