"""Convert a VPoser release folder (v1 or v2) to the weights of the pose decoder.

python tools/model_converters/vposer.py vposer_v1_0/ data/body_models/vposer.pth
"""

import argparse

from dpmesh_plugin.converters.vposer_release import vposer_to_dpmesh
from dpmesh_plugin.converters.weight_files import write_weights
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('input', help='release folder, or the weight file in it')
    parser.add_argument('output', help='file to write')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        state, version = vposer_to_dpmesh(args.input)
        write_weights(state, args.output, source=f'VPoser {version.name}')
    print(f'saved VPoser {version.name} to {args.output}; in a config:')
    print(
        f"pose_decoder=dict(type='VPoserDecoder', negative_slope={version.negative_slope},\n"
        f"    init_cfg=dict(type='Pretrained', checkpoint='{args.output}'))"
    )


if __name__ == '__main__':
    main()
