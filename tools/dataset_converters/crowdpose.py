r"""CrowdPose with fits to the schema of docs/data.md.

python tools/dataset_converters/crowdpose.py crowdpose_train.json --images data/crowdpose/images \
    --fits CrowdPose_train_SMPL_NeuralAnnot.json --out data/crowdpose/crowdpose_train.json
"""

import argparse
import sys

from dpmesh_plugin.converters.datasets import convert_crowdpose


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
    try:
        writer = convert_crowdpose(
            annotations=args.annotations,
            images=args.images,
            fits=args.fits,
            out=args.out,
            subset=args.subset,
        )
    except (FileNotFoundError, KeyError, ValueError) as error:
        sys.exit(f'crowdpose: {error.args[0]}')
    fitted = sum(person.smpl is not None for person in writer.people)
    print(f'{args.out}: {len(writer.people)} people, {fitted} with a trusted fit')


if __name__ == '__main__':
    main()
