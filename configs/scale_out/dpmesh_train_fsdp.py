"""The published training (table 1) with the model in shards: fewer bytes on every GPU."""

_base_ = ['../dpmesh_train.py', '../_base_/strategies/fsdp.py']
