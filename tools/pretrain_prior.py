"""Train a small diffusion model on images, for ablations that start from a trained prior.

  python tools/pretrain_prior.py
  python tools/pretrain_prior.py configs/pretrain/prior_tiny_images.py --cfg-options data_root=DIR

Its autoencoder is trained first, then its denoiser (diffusers' DDPM objective). The result is a
folder in the form of diffusers, and for every config of --start the checkpoint that it starts from:
that of load_from, or of PretrainedParts in the init_cfg of its model. With --resume an interrupted
run goes on; a finished one is only written anew.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_main_process
from mmengine.runner import Runner
from torch import Tensor

from dpmesh_plugin.converters.diffusion_folder import write_diffusion_folder
from dpmesh_plugin.converters.model_state import build_skeleton, fill_rest
from dpmesh_plugin.converters.stable_diffusion import (
    read_stable_diffusion,
    stable_diffusion_to_dpmesh,
)
from dpmesh_plugin.converters.weight_files import write_weights
from dpmesh_plugin.engine.checkpoint import latest_checkpoint
from dpmesh_plugin.models.pretraining import DiffusionPretrainer
from dpmesh_plugin.models.pretraining.sampling import draw_images
from dpmesh_plugin.registry import RUNNERS
from dpmesh_plugin.utils.cli import add_runner_options, bad_input_ends, config_from_args
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.distributed import leave_processes, unwrapped
from dpmesh_plugin.visualization.pictures import save_image

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
START = [
    str(CONFIGS / 'ablations' / f'{name}.py')
    for name in ('backbone_prior', 'lora_4', 'lora_16', 'lora_64')
]


# What backbone and pretraining must have in common, and what it is where a config leaves it out.
SHARED = {'unet': {}, 'vae': {}, 'image_range': (0.0, 1.0), 'latent_scale': 1.0}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', nargs='?', default=str(CONFIGS / 'pretrain/prior_tiny.py'), help='config file'
    )
    parser.add_argument(
        '--out', default='data/prior/diffusers', help='folder to write, in the form of diffusers'
    )
    parser.add_argument(
        '--start',
        nargs='*',
        default=START,
        metavar='CONFIG',
        help='configs of models that shall start from it: the file that they name is written',
    )
    parser.add_argument('--pictures', type=int, default=16, help='so many are drawn to look at')
    parser.add_argument('--resume', action='store_true', help='go on from the latest checkpoint')
    parser.add_argument('--seed', type=int, default=0, help='of what has no trained weights')
    add_runner_options(parser)
    return parser.parse_args()


def train(cfg: Config, args: argparse.Namespace) -> Runner:
    """Train, or go on; the runner afterwards."""
    checkpoint = latest_checkpoint(cfg.work_dir) if args.resume else None
    if checkpoint:
        cfg.resume, cfg.load_from = True, checkpoint
    runner = RUNNERS.build(cfg)
    runner.train()
    return runner


def start_files(configs: list[str], trained: ConfigDict) -> dict[str, str]:
    """The checkpoint that each config starts from.

    Args:
        configs: Config files of ``--start``.
        trained: ``model`` of the pretraining.

    Raises:
        ValueError: a config starts from nothing, or from a diffusion model of another kind.
    """
    files = {}
    for config in configs:
        cfg = load_config(config)
        files[config] = cfg.get('load_from') or parts_file(cfg.model)
        if not files[config]:
            raise ValueError(
                f'--start names {config}, which has neither load_from nor PretrainedParts in '
                'model.init_cfg: nothing to write'
            )
        backbone = cfg.model.backbone
        for name, default in SHARED.items():
            given, wanted = trained.get(name, default), backbone.get(name, default)
            # as JSON, where tuples are lists
            if json.dumps(given, sort_keys=True) != json.dumps(wanted, sort_keys=True):
                raise ValueError(
                    f'--start names {config}, whose model.backbone.{name} is {wanted}, but '
                    f'model.{name} of the pretraining is {given}: they must be the same'
                )
    return files


def parts_file(model: ConfigDict) -> str | None:
    """The checkpoint that a model takes parts from, if it does."""
    starts = model.get('init_cfg') or ()
    starts = [starts] if isinstance(starts, dict) else starts
    return next((each.checkpoint for each in starts if each.type == 'PretrainedParts'), None)


def write_start(config: str, path: str, folder: Path) -> None:
    """Write the checkpoint that a config starts from, with the diffusion model of a folder."""
    model = build_skeleton(load_config(config).model)
    source = read_stable_diffusion(folder, folder / 'controlnet')
    state, coverage = stable_diffusion_to_dpmesh(source, model.state_dict())
    coverage.check(str(folder))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_weights(fill_rest(model, state), path, source=str(folder))


@torch.no_grad()
def write_pictures(model: DiffusionPretrainer, crops: Tensor, path: Path) -> None:
    """Write three rows: crops (N, 3, H, W), what the autoencoder makes of them, drawn pictures."""
    model.eval()
    images = model.data_preprocessor({'inputs': crops})['inputs']
    latent_size = model.vae.encode(images[:1]).latent_dist.mean.shape[-1]
    rows = [images, model(images).clamp(0, 1), draw_images(model, len(crops), latent_size)]
    sheet = torch.cat([torch.cat([*row], dim=-1) for row in rows], dim=-2)
    save_image((255 * sheet.cpu().numpy()).round().astype(np.uint8).transpose(1, 2, 0), path)


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        cfg = config_from_args(args)
        files = start_files(args.start, cfg.model)
    runner = train(cfg, args)
    if not is_main_process():
        return
    model = unwrapped(runner.model)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_diffusion_folder(model, folder)
    print(f'diffusion model: {folder}')
    torch.manual_seed(args.seed)
    for config, path in files.items():
        write_start(config, path, folder)
        print(f'start of {config}: {path}')
    if args.pictures:
        people = runner.train_dataloader.dataset
        shown = range(min(args.pictures, len(people)))
        crops = torch.stack([people[index]['inputs'] for index in shown])
        write_pictures(model, crops, folder / 'pictures.png')
        print(f'pictures (crops, given back, drawn): {folder / "pictures.png"}')


if __name__ == '__main__':
    main()
    leave_processes()
