"""3DPW sequence files to the layout of the published evaluation.

python tools/dataset_converters/pw3d.py data/3DPW --subset oc --out data/3DPW/3DPW_oc.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_pw3d, read_frames
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('root', help='folder with sequenceFiles and imageFiles')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/3DPW/3DPW_oc.json'
    )
    parser.add_argument(
        '--subset', required=True, help='train, validation, test, oc, pc, or any with --frames'
    )
    parser.add_argument(
        '--frames', help='list of frames of the subset: SEQUENCE or SEQUENCE FIRST LAST'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        frames = read_frames(args.frames) if args.frames else None
        count = convert_pw3d(root=args.root, out=args.out, subset=args.subset, frames=frames)
    print(f'{args.out}: {count} people')


if __name__ == '__main__':
    main()
