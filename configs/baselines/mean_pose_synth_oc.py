"""Mean pose: the mean of the training set's 14 joints relative to the pelvis, for everybody.

It is the mean of positions in camera axes, so people who face different ways average to a figure
narrower than a person.
"""

_base_ = './keypoint_lifter_synth_oc.py'

model = dict(type='MeanPoseEstimator')
train_dataloader = dict(
    drop_last=False, dataset=dict(views=1, dataset=dict(pipeline=_base_.test_pipeline))
)
train_cfg = dict(max_epochs=1, val_interval=1)
param_scheduler = None
