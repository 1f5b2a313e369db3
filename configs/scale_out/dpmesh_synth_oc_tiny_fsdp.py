"""The tiny DPMesh in shards, to try the strategy without licensed files, on CPUs too."""

_base_ = ['../dpmesh_synth_oc_tiny.py', '../_base_/strategies/fsdp.py']
