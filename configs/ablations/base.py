"""The row that all others are compared with: the tiny DPMesh on detected keypoints."""

_base_ = '../dpmesh_synth_oc_tiny.py'

optim_wrapper = dict(optimizer=dict(lr=3e-4, weight_decay=0.01))
