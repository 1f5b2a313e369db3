"""Human3.6M with fits to the schema of docs/data.md.

python tools/dataset_converters/h36m.py data/h36m/annotations --out data/h36m/h36m_train.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_h36m, load_body_model
from dpmesh_plugin.converters.datasets.h36m import FIT_FILE
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'annotations', help='folder of Human36M_subject*_{data,camera,joint_3d}.json'
    )
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/h36m/h36m_train.json'
    )
    parser.add_argument('--subset', choices=['train', 'test'], default='train')
    parser.add_argument('--fit-file', default=FIT_FILE, help='name of the files of the fits')
    parser.add_argument(
        '--body-model',
        default='data/body_models/smpl',
        help='folder of the body model of the fits',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        writer = convert_h36m(
            annotations=args.annotations,
            body_model=load_body_model(args.body_model),
            out=args.out,
            subset=args.subset,
            fit_file=args.fit_file,
        )
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
