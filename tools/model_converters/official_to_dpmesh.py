"""Convert a checkpoint of the official release to ours, or ours back with --reverse.

python tools/model_converters/official_to_dpmesh.py 3dpw-oc_best_ckpt.pth.tar dpmesh_3dpw_oc.pth
"""

import argparse
from pathlib import Path

import torch

from dpmesh_plugin.converters.model_state import build_skeleton
from dpmesh_plugin.converters.official_checkpoint import (
    dpmesh_to_official,
    official_to_dpmesh,
    read_release,
    release_layout,
)
from dpmesh_plugin.converters.weight_files import read_weights, write_weights
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.io import atomic_write

PUBLISHED = Path(__file__).resolve().parents[2] / 'configs/dpmesh_3dpw_oc.py'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('input', help='checkpoint to convert')
    parser.add_argument('output', help='file to write')
    parser.add_argument('--config', default=str(PUBLISHED), help='config of the model')
    parser.add_argument('--safetensors', action='store_true', help='write .safetensors')
    parser.add_argument('--reverse', action='store_true', help='convert ours to official names')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def convert(args: argparse.Namespace, expected: dict[str, torch.Tensor]) -> Path:
    """Official to ours; returns the file written."""
    official = read_release(read_weights(args.input))
    state, coverage = official_to_dpmesh(official, expected)
    print(coverage.text(official))
    coverage.check(args.input)
    output = Path(args.output)
    if args.safetensors:
        output = output.with_suffix('.safetensors')
    write_weights(state, output, source=Path(args.input).name, config=Path(args.config).name)
    return output


def convert_back(args: argparse.Namespace, expected: dict[str, torch.Tensor]) -> Path:
    """Ours to official; returns the file written."""
    content = read_weights(args.input)
    state = content.get('state_dict', content)
    missing = [name for name in expected if name not in state]
    if missing:
        raise ValueError(
            f'{args.input} lacks {len(missing)} tensors of the model in {args.config}, among them '
            f'{", ".join(missing[:5])}'
        )
    official = release_layout(dpmesh_to_official(state))
    with atomic_write(args.output) as temporary:
        torch.save(official, temporary)
    print(f'wrote    {len(official)} names')
    return Path(args.output)


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        model = build_skeleton(load_config(args.config, args.cfg_options).model)
        write = convert_back if args.reverse else convert
        print(f'saved    {write(args, model.state_dict())}')


if __name__ == '__main__':
    main()
