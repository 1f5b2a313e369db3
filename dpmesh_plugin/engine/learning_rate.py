"""The learning rate that belongs to a batch size."""

from mmengine.runner import FlexibleRunner, Runner


def count_accumulated_batches(runner: Runner | FlexibleRunner) -> None:
    """Let ``auto_scale_lr`` take the batches of one step for its batch size.

    mmengine counts one batch of every process, whatever ``optim_wrapper.accumulative_counts``. The
    config stays as it is, so that a dumped one can be used again.

    Args:
        runner: Before its training.
    """
    # With a strategy it is that which scales.
    owner, name = (
        (runner.strategy, '_auto_scale_lr')
        if isinstance(runner, FlexibleRunner)
        else (runner, 'auto_scale_lr')
    )
    options = getattr(owner, name) or {}
    counts = runner.cfg.optim_wrapper.get('accumulative_counts', 1)
    if counts == 1 or not options.get('enable', False):
        return
    base = options['base_batch_size'] / counts
    setattr(owner, name, {**options, 'base_batch_size': base})
    runner.logger.info(
        f'{counts} batches make a step: the base batch size of {options["base_batch_size"]} is '
        f'{base:g} for each'
    )
