"""What keypoint tokens look at: view_attention.py CONFIG CHECKPOINT --out DIR [options].

Without --image, persons of the test data of the config are shown; their annotated bodies tell what
is the person, their annotations which joints are hidden. With --image and --keypoints, persons of
photographs; then the predicted body is the person, and hidden is what the model was not given.

DIR gets
  NAME.png        of every person: a tile per keypoint token, and the shares as bars
  attention.json  part of every token's attention that is on the person; for visible and hidden
                  joints, over all persons and for each
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file, .pth or .safetensors')
    parser.add_argument('--out', required=True, help='folder for the pictures and numbers')
    parser.add_argument('--image', nargs='+', help='images, folders of images, patterns')
    parser.add_argument('--keypoints', help='keypoint file of the images')
    parser.add_argument(
        '--keypoint-set', help='names of the joints where the file does not state them'
    )
    parser.add_argument(
        '--samples', type=int, default=8, help='persons of the data set (default 8)'
    )
    parser.add_argument('--start', type=int, default=0, help='position of the first one')
    parser.add_argument(
        '--body',
        choices=['auto', 'truth', 'prediction'],
        default='auto',
        help='what the person is: the annotated body, the predicted one, or the best there is',
    )
    parser.add_argument('--batch-size', type=int, default=8, help='persons per pass of the model')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    add_config_options(parser, 'data_root=data/mine')
    args = parser.parse_args()
    if bool(args.image) != bool(args.keypoints):
        parser.error('--image and --keypoints are needed together, or neither for the data set')
    return args


def photo_crops(inferencer: Any, args: argparse.Namespace) -> Iterator[dict]:
    """Crops of the persons of photographs; what cannot be used is said."""
    from dpmesh_plugin.apis import read_keypoints
    from dpmesh_plugin.apis.image_inputs import open_images, split_inputs
    from dpmesh_plugin.apis.image_job import Camera

    problems = []
    images, videos, left_out = split_inputs(args.image)
    if videos:
        raise ValueError(f'expected images, got the video {videos[0]}; take frames of it')
    keypoints = read_keypoints(args.keypoints, keypoint_set=args.keypoint_set)
    jobs = open_images(images, keypoints, Camera(), problems, [], apply_exif=False)
    for _, crop in inferencer.preprocess(jobs, problems):
        yield crop
    for problem in left_out + problems:
        print(f'left out: {problem}', file=sys.stderr)


def dataset_crops(inferencer: Any, args: argparse.Namespace) -> Iterator[dict]:
    """Crops of persons of the test data."""
    from dpmesh_plugin.registry import DATASETS
    from dpmesh_plugin.utils.config import loader_of

    dataset = DATASETS.build(loader_of(inferencer.cfg, 'test').dataset)
    if not 0 <= args.start < len(dataset):
        raise ValueError(f'--start {args.start}: the data set has {len(dataset)} persons')
    for index in range(args.start, min(args.start + args.samples, len(dataset))):
        yield dataset[index]


def main() -> int:
    args = parse_args()
    # These take seconds; --help should not.
    from dpmesh_plugin.apis import MeshInferencer
    from dpmesh_plugin.apis.attention_viewer import summarize, view_attention
    from dpmesh_plugin.utils.io import dump_json
    from dpmesh_plugin.visualization import save_image

    out, people = Path(args.out), []
    with bad_input_ends():
        inferencer = MeshInferencer(
            args.config, args.checkpoint, device=args.device, cfg_options=args.cfg_options
        )
        crops = list((photo_crops if args.image else dataset_crops)(inferencer, args))
        for start in range(0, len(crops), args.batch_size):
            batch = inferencer.collate_fn(crops[start : start + args.batch_size])
            people += view_attention(inferencer.model, batch, body=args.body)
        for person in people:
            sample = person.sample
            name = f'{Path(sample.img_path).stem}_person{sample.sample_idx}.png'
            save_image(person.draw(), out / name)
        summary = summarize(people)
        facts = {'config': args.config, 'checkpoint': args.checkpoint, **inferencer.facts()}
        persons = [person.summary() for person in people]
        dump_json({**facts, 'groups': summary, 'persons': persons}, out / 'attention.json')
    print(f'{len(people)} persons; wrote to {out}: attention.json')
    for name, row in summary.items():
        print(
            f'  {name:20} {row["joints"]:5} joints  {row["share"]:6.1%} of the attention on the '
            f'person, {row["even_share"]:6.1%} if even'
        )
    return 0 if people else 1


if __name__ == '__main__':
    sys.exit(main())
