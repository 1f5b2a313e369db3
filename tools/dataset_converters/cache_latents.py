"""Encode the training crops of a config once, for LatentCacheDataset.

python tools/dataset_converters/cache_latents.py configs/dpmesh_synth_oc_cached.py CHECKPOINT

CHECKPOINT holds the encoder that training will use; without it, that of `load_from` in the config
or, if there is none, the weights that the config starts from.
"""

import argparse

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from rich.progress import MofNCompleteColumn, Progress
from torch import nn

from dpmesh_plugin.datasets import LatentCacheDataset
from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.engine.latent_cache import caches_of, write_latent_cache
from dpmesh_plugin.registry import DATASETS, MODELS, SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config, loader_of
from dpmesh_plugin.utils.device import resolve_device


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config whose training data is below LatentCacheDataset')
    parser.add_argument('checkpoint', nargs='?', help='weights of the encoder')
    parser.add_argument('--batch-size', type=int, default=32, help='crops encoded together')
    parser.add_argument('--workers', type=int, default=0, help='processes that make crops')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def build_model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """The model as training starts with it."""
    MMLogger.get_current_instance().setLevel('WARNING')  # mmengine lists every initial weight
    set_random_seed(cfg.randomness.seed)
    model = MODELS.build(cfg.model)
    model.init_weights()
    if checkpoint:
        load_weights(model, checkpoint)
    return model.eval()


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with bad_input_ends():
        cfg = load_config(args.config, args.cfg_options)
        data = DATASETS.build({**loader_of(cfg, 'train').dataset, 'lazy_init': True})
        caches = list(caches_of(data))
        if not caches:
            raise ValueError(f'the training data of {args.config} has no LatentCacheDataset')
        checkpoint = args.checkpoint or cfg.get('load_from')
        model = build_model(cfg, checkpoint)
        model.to(torch.device(resolve_device(args.device)))
        for cache in caches:
            write(model, cache, args)
    print(f'encoder: {checkpoint or "initial weights of the config"}')


def write(model: nn.Module, cache: LatentCacheDataset, args: argparse.Namespace) -> None:
    """Write one cache and say what is in it."""
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as progress:
        bar = progress.add_task(str(cache.file.folder))
        folder = write_latent_cache(
            model,
            cache,
            batch_size=args.batch_size,
            num_workers=args.workers,
            report=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    size = cache.file.array_path.stat().st_size / 2**20
    skipped = len(cache.file.skipped)
    print(f'{folder}: {cache.views} x {len(cache)} people, {size:.1f} MiB, {skipped} skipped')


if __name__ == '__main__':
    main()
