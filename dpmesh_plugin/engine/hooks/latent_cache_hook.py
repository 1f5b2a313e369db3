"""Refuse latents that another encoder has made."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from dpmesh_plugin.engine.latent_cache import caches_of
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.distributed import unwrapped


@HOOKS.register_module()
class LatentCacheHook(Hook):
    """Compare the encoder of the model with that of the latents before training.

    Without a cached data set in the training data it does nothing.

    Raises:
        ValueError: the encoder is another one, is trained, or the model has none.
    """

    def before_train(self, runner: Runner) -> None:
        """Check every cache of the training data."""
        caches = list(caches_of(runner.train_dataloader.dataset))
        if not caches:
            return
        backbone = unwrapped(runner.model).backbone
        if not hasattr(backbone, 'from_latents'):
            raise ValueError(
                f'{type(backbone).__name__} reads images, but the training data are latents: take '
                'the data set without LatentCacheDataset'
            )
        if backbone.encoder_trains:
            raise ValueError(
                'the training data are latents of a fixed encoder, but backbone.trainable names '
                'the autoencoder: leave it out there, or take the data set without '
                'LatentCacheDataset'
            )
        fingerprint = backbone.encoder_fingerprint()
        for cache in caches:
            if cache.file.encoder != fingerprint:
                raise ValueError(
                    f'the latents in {cache.file.folder.absolute()} come from another encoder: '
                    f'its fingerprint is {cache.file.encoder}, that of the model {fingerprint}. '
                    'Load the weights that the cache was made with (load_from), or write it anew: '
                    'python tools/dataset_converters/cache_latents.py CONFIG CHECKPOINT'
                )
