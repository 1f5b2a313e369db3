"""3DOH50K to the schema of docs/data.md.

python tools/dataset_converters/oh3d.py data/oh3d --out data/oh3d/3doh_test.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_oh3d, load_body_model
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('root', help='folder with testset and trainset')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/oh3d/3doh_test.json'
    )
    parser.add_argument('--subset', choices=['test', 'train'], default='test')
    parser.add_argument(
        '--body-model',
        default='data/body_models/smpl',
        help='folder of the body model of the fits',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        writer = convert_oh3d(
            root=args.root,
            body_model=load_body_model(args.body_model),
            out=args.out,
            subset=args.subset,
        )
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
