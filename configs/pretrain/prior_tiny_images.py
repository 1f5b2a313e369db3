"""The small diffusion model, pretrained on the pictures of a folder: set data_root to it."""

_base_ = './prior_tiny.py'

data_root = 'data/images'

train_pipeline = [
    dict(type='LoadMeshImage', on_error='skip'),
    dict(type='RandomSquareCrop', input_size=256),
    dict(type='PackImage'),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True, type='ImageFolderDataset', data_root=data_root, pipeline=train_pipeline
    )
)
