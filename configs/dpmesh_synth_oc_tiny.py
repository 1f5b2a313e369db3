"""The tiny DPMesh, trained on SynthOC; its checkpoint is chosen on the validation split."""

_base_ = [
    './_base_/models/dpmesh_tiny.py',
    './_base_/datasets/synth_oc.py',
    './_base_/schedules/dpmesh_20e.py',
    './_base_/default_runtime.py',
]

val_evaluator = dict(body_model=_base_.body_model)
test_evaluator = dict(body_model=_base_.body_model)
default_hooks = dict(checkpoint=dict(save_best='MPJPE'))
