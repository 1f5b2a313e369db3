"""MuCo-3DHP with fits to the schema of docs/data.md.

python tools/dataset_converters/muco.py MuCo-3DHP.json --fits smpl_param.json --out OUT.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_muco, load_body_model
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annotations', help='MuCo-3DHP.json')
    parser.add_argument('--fits', help='smpl_param.json; none: joints only')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/muco/muco_train.json'
    )
    parser.add_argument(
        '--body-model',
        default='data/body_models/smpl',
        help='folder of the body model of the fits',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        writer = convert_muco(
            annotations=args.annotations,
            fits=args.fits,
            body_model=load_body_model(args.body_model),
            out=args.out,
        )
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
