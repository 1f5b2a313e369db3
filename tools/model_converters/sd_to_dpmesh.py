r"""Make the checkpoint that training starts from out of Stable Diffusion 1.5 and a ControlNet.

python tools/model_converters/sd_to_dpmesh.py stable-diffusion-v1-5/ start.pth \
    --controlnet sd-controlnet-openpose/ --vposer data/body_models/vposer.pth
python tools/model_converters/sd_to_dpmesh.py control_sd15_openpose.pth start.pth \
    --vposer data/body_models/vposer.pth
"""

import argparse
from pathlib import Path

import torch
from torch import nn

from dpmesh_plugin.converters.model_state import build_skeleton, fill_rest
from dpmesh_plugin.converters.stable_diffusion import (
    read_stable_diffusion,
    stable_diffusion_to_dpmesh,
)
from dpmesh_plugin.converters.weight_files import write_weights
from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config

PUBLISHED = Path(__file__).resolve().parents[2] / 'configs/dpmesh_3dpw_oc.py'


RANDOM = 'random'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('input', help='diffusers folder, or LDM .ckpt, .pth or .safetensors')
    parser.add_argument('output', help='checkpoint to write, for load_from in a config')
    parser.add_argument('--controlnet', help='diffusers folder or LDM file, if not in the input')
    parser.add_argument(
        '--vposer',
        help=f'weights of the pose prior, from vposer.py; {RANDOM!r} leaves them to chance',
    )
    parser.add_argument('--config', default=str(PUBLISHED), help='config of the model')
    parser.add_argument('--seed', type=int, default=0, help='of the parts without public weights')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def load_pose_prior(decoder: nn.Module, path: str | None) -> None:
    """Fill a pose prior that training will not change.

    Raises:
        ValueError: there are such weights to fill and no file was named.
    """
    frozen = [each for each in decoder.parameters() if not each.requires_grad]
    if not frozen or path == RANDOM:
        return
    if path is None:
        raise ValueError(
            f'the pose prior {type(decoder).__name__} is frozen in training and would stay random: '
            'name its weights with --vposer (see tools/model_converters/vposer.py), or say '
            f'--vposer {RANDOM}'
        )
    load_weights(decoder, path)


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    with bad_input_ends():
        model = build_skeleton(load_config(args.config, args.cfg_options).model)
        load_pose_prior(model.head.pose_decoder, args.vposer)
        source = read_stable_diffusion(args.input, args.controlnet)
        state, coverage = stable_diffusion_to_dpmesh(source, model.state_dict())
        print(coverage.text(source))
        coverage.check(args.input)
        write_weights(fill_rest(model, state), args.output, source=Path(args.input).name)
        print(f'saved    {args.output}')


if __name__ == '__main__':
    main()
