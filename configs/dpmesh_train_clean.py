"""The published training with true keypoints in the place of noisy ones: for a teacher."""

_base_ = './dpmesh_train.py'

model = dict(train_prompt='clean_prompt')
