"""Human3.6M with fits to the schema of docs/data.md.

python tools/dataset_converters/h36m.py data/h36m/annotations --out data/h36m/h36m_train.json
"""

import argparse
import sys

from dpmesh_plugin.converters.datasets import convert_h36m, load_body_model
from dpmesh_plugin.converters.datasets.h36m import FIT_FILE


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
    try:
        writer = convert_h36m(
            annotations=args.annotations,
            body_model=load_body_model(args.body_model),
            out=args.out,
            subset=args.subset,
            fit_file=args.fit_file,
        )
    except (FileNotFoundError, KeyError, ValueError) as error:
        sys.exit(f'h36m: {error.args[0]}')
    fitted = sum(person.smpl is not None for person in writer.people)
    print(f'{args.out}: {len(writer.people)} people, {fitted} with a trusted fit')


if __name__ == '__main__':
    main()
