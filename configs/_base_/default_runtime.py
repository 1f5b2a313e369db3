"""What every run shares: scope, hooks, logging, environment."""

default_scope = 'dpmesh_plugin'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    strict_load=dict(type='StrictLoadHook'),
    protocol=dict(type='EvaluationProtocolHook'),
    parameters=dict(type='ParameterTableHook'),
    latents=dict(type='LatentCacheHook'),
    teacher=dict(type='TeacherHook'),
    resume=dict(type='ExactResumeHook'),
    non_finite=dict(type='NonFiniteHook', action='stop'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)
log_level = 'INFO'
randomness = dict(seed=42, diff_rank_seed=True)
load_from = None
resume = False
