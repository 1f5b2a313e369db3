"""CMU Panoptic to the schema of docs/data.md.

python tools/dataset_converters/panoptic.py data/panoptic --out data/panoptic/panoptic_test.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_panoptic, read_frames
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('root', help='folder of the sequences')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/panoptic/panoptic_test.json'
    )
    parser.add_argument('--cameras', nargs='+', default=['00_16', '00_30'], help='HD cameras')
    parser.add_argument('--frames', help='list of frames: SEQUENCE or SEQUENCE FIRST LAST')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        frames = read_frames(args.frames) if args.frames else None
        writer = convert_panoptic(root=args.root, out=args.out, cameras=args.cameras, frames=frames)
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
