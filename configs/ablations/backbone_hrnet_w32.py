"""Backbone: HRNet-W32 of mmpose, which `make detectors` installs."""

_base_ = './base.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ImageBackbone',
        body=dict(
            type='mmpose.HRNet',
            extra=dict(
                stage1=dict(
                    num_modules=1,
                    num_branches=1,
                    block='BOTTLENECK',
                    num_blocks=(4,),
                    num_channels=(64,),
                ),
                **{
                    f'stage{stage}': dict(
                        num_modules=modules,
                        num_branches=stage,
                        block='BASIC',
                        num_blocks=(4,) * stage,
                        num_channels=(32, 64, 128, 256)[:stage],
                        multiscale_output=True,
                    )
                    for stage, modules in ((2, 1), (3, 4), (4, 3))
                },
            ),
        ),
    )
)
find_unused_parameters = True  # nothing reads the keypoint tokens
