"""What the small DPMesh knows of keypoints alone: embedding of the prompt and readout.

Its first stage. A step costs a hundredth of one with images.
"""

_base_ = [
    './_base_/models/dpmesh_small.py',
    './_base_/datasets/synth_oc_128_keypoints.py',
    './_base_/schedules/dpmesh_small.py',
    './_base_/default_runtime.py',
]

head = _base_.model.head
terms = {name: loss for name, loss in head.objective.terms.items() if name != 'body_joint_img'}
model = dict(
    backbone=dict(_delete_=True, type='BlindBackbone'),
    neck=dict(inject_heatmaps=False),
    head=dict(
        _delete_=True,
        type='ReadoutHead',
        objective=dict(type='MeshLoss', terms=terms),
        **{name: head[name] for name in ('body_model', 'pose_decoder', 'input_size')},
        orient_frame=head.orient_frame,
    ),
    auxiliary=None,
)
del head, terms
val_evaluator = dict(body_model=_base_.body_model)
test_evaluator = dict(body_model=_base_.body_model)

train_cfg = dict(max_epochs=60, val_interval=10)
optim_wrapper = dict(dtype='float32', optimizer=dict(lr=2e-3), clip_grad=dict(max_norm=10.0))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=60, eta_min_ratio=0.005),
]
default_hooks = dict(checkpoint=dict(interval=5, max_keep_ckpts=1, save_best='MPJPE'))
find_unused_parameters = True  # nothing reads the tokens
randomness = dict(seed=1)
