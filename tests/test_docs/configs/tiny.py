"""What CONFIG stands for where the commands of the documents are executed: a run of seconds."""

_base_ = './configs/dpmesh_synth_oc_tiny.py'

model = dict(
    backbone=dict(
        unet=dict(block_out_channels=(8, 8, 8, 8), cross_attention_dim=8, norm_num_groups=4),
        vae=dict(block_out_channels=(4, 4, 4, 4), norm_num_groups=4),
    ),
    neck=dict(out_channels=16),
    head=dict(
        volume=dict(channels=8, num_heads=2, feedforward_channels=16),
        image_transformer=dict(num_layers=1, num_heads=2, feedforward_channels=16),
        decoder=dict(num_layers=2, num_heads=2, feedforward_channels=16),
    ),
)
train_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0)
test_dataloader = dict(num_workers=0)
train_cfg = dict(max_epochs=1)
