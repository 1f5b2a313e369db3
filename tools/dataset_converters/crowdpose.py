r"""CrowdPose with fits to the schema of docs/data.md.

python tools/dataset_converters/crowdpose.py crowdpose_train.json --images data/crowdpose/images \
    --fits CrowdPose_train_SMPL_NeuralAnnot.json --out data/crowdpose/crowdpose_train.json
"""

import argparse

from dpmesh_plugin.converters.datasets import convert_crowdpose
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annotations', help='crowdpose_train.json')
    parser.add_argument('--images', required=True, help='folder of the images')
    parser.add_argument('--fits', help='CrowdPose_train_SMPL_NeuralAnnot.json; none: joints only')
    parser.add_argument(
        '--out', required=True, help='JSON file to write, e.g. data/crowdpose/crowdpose_train.json'
    )
    parser.add_argument('--subset', choices=['train', 'val', 'test'], default='train')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        writer = convert_crowdpose(
            annotations=args.annotations,
            images=args.images,
            fits=args.fits,
            out=args.out,
            subset=args.subset,
        )
    print(f'{args.out}: {writer.summary()}')


if __name__ == '__main__':
    main()
