"""A loop over epochs that can go on in the middle of one."""

from mmengine.runner import EpochBasedTrainLoop

from dpmesh_plugin.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's loop over epochs, with a start within the first of them.

    mmengine begins an epoch anew when it resumes from a checkpoint that was written by iteration:
    it trains on the first batches of that epoch again and loses count of the iterations.

    Attributes:
        batches_done: Batches of the running epoch that are trained. Set before the run, the epoch
            starts behind them; :class:`ExactResumeHook` does.

    Raises:
        TypeError: the run shall start within an epoch, but its sampler cannot.
    """

    batches_done = 0

    def run_epoch(self) -> None:
        """Train on what is left of the epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        if self.batches_done:
            self._skip_batches()
        for index, data_batch in enumerate(self.dataloader, start=self.batches_done):
            self.run_iter(index, data_batch)
            self.batches_done = index + 1
        self.batches_done = 0
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _skip_batches(self) -> None:
        sampler = self.dataloader.sampler
        if not hasattr(sampler, 'start_at'):
            raise TypeError(
                f'the checkpoint lies {self.batches_done} batches within an epoch, where '
                f"{type(sampler).__name__} cannot start: set sampler=dict(type='EpochSampler') of "
                'train_dataloader, or resume from a checkpoint of the end of an epoch'
            )
        sampler.start_at(self.batches_done * self.dataloader.batch_size)
