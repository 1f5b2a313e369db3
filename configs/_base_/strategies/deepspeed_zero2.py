"""Gradients and optimizer state in shards by DeepSpeed (``pip install deepspeed``), in bfloat16.

A leaf takes its own clipping and mixed precision out of ``optim_wrapper``: DeepSpeed does both.
"""

runner_type = 'FlexibleRunner'
strategy = dict(
    type='DeepSpeedStrategy',
    gradient_clipping=10.0,  # as in the schedule
    bf16=dict(enabled=True),
    zero_optimization=dict(stage=2, overlap_comm=True, contiguous_gradients=True),
)
