r"""MSCOCO 2017 people with fits to the schema of docs/data.md.

python tools/dataset_converters/coco.py person_keypoints_train2017.json \
    --fits MSCOCO_train_SMPL_NeuralAnnot.json --out data/coco/coco_train.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_coco
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annotations', help='person_keypoints_train2017.json')
    parser.add_argument('--fits', help='MSCOCO_train_SMPL_NeuralAnnot.json; none: joints only')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/coco/coco_train.json'
    )
    parser.add_argument('--subset', choices=['train', 'val'], default='train')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        writer = convert_coco(
            annotations=args.annotations, fits=args.fits, out=args.out, subset=args.subset
        )
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
