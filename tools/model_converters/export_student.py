"""Take the weights of an estimator out of a training checkpoint, without what training needs.

python tools/model_converters/export_student.py configs/dpmesh_3dpw_oc.py \
    work_dirs/dpmesh_distill/epoch_20.pth dpmesh_student.pth

CONFIG is that of the plain estimator; the weights must fit it exactly. With --teacher the average
of the student is written, where the teacher was one (EMATeacher).
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import init_default_scope
from torch import Tensor

from dpmesh_plugin.converters.model_state import build_skeleton
from dpmesh_plugin.converters.weight_files import write_weights
from dpmesh_plugin.engine import check_keys
from dpmesh_plugin.registry import SCOPE
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint, state_dict_of
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config

DTYPES = ('float32', 'float16', 'bfloat16')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the plain estimator')
    parser.add_argument('checkpoint', help='training checkpoint')
    parser.add_argument('output', help='file to write, .pth or .safetensors')
    parser.add_argument('--teacher', action='store_true', help='write the average of the student')
    parser.add_argument('--dtype', choices=DTYPES, default='float32', help='type in the file')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def averaged(checkpoint: dict[str, Any], source: str) -> dict[str, Tensor]:
    """What the mean teacher of a checkpoint has in the place of the student's weights."""
    average = checkpoint.get('teacher', {}).get('weights')
    if not average:
        raise ValueError(f'{source} holds no average of a student: leave --teacher out')
    return average


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with bad_input_ends():
        checkpoint = read_checkpoint(args.checkpoint)
        state = state_dict_of(checkpoint)
        if args.teacher:
            state |= averaged(checkpoint, args.checkpoint)
        model = build_skeleton(load_config(args.config, args.cfg_options).model)
        check_keys(model, state, args.checkpoint)
        dtype = getattr(torch, args.dtype)
        state = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in state.items()
        }
        output = Path(args.output)
        source, config = Path(args.checkpoint).name, Path(args.config).name
        write_weights(state, output, source=source, config=config)
        print(f'saved {output}: {len(state)} tensors, {output.stat().st_size / 2**20:.1f} MiB')


if __name__ == '__main__':
    main()
