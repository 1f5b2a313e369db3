"""DPMesh at its published size, trained on SynthOC with the open body.

Its checkpoint is chosen on the validation split.
"""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/synth_oc.py',
    './_base_/schedules/dpmesh_20e.py',
    './_base_/default_runtime.py',
]

body_model = dict(type='SMPL', path=None, genders=('neutral', 'male', 'female'))
model = dict(
    head=dict(
        body_model=body_model,
        pose_decoder=dict(_delete_=True, type='ContinuousPoseDecoder'),
    )
)
visualizer = dict(body_model=body_model)
val_evaluator = dict(body_model=body_model)
test_evaluator = dict(body_model=body_model)
default_hooks = dict(checkpoint=dict(save_best='MPJPE'))
