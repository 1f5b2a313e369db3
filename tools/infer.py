"""Meshes of people in photographs: python tools/infer.py CONFIG CHECKPOINT IMAGES --keypoints FILE.

Writes into --out: NAME.npz (parameters, camera, vertices, joints of every person), NAME_overlay.jpg
(all persons over the image, nearer ones in front) and summary.json.
"""

import argparse
import sys

from mmengine.config import DictAction


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file, .pth or .safetensors')
    parser.add_argument('images', help='image, or folder of images')
    parser.add_argument(
        '--keypoints',
        required=True,
        help='COCO-style json, OpenPose json or folder of them, or json list of results',
    )
    parser.add_argument('--out', required=True, help='folder for the results')
    parser.add_argument(
        '--keypoint-set',
        help='names of the joints where the file does not state them, e.g. coco_17',
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    parser.add_argument('--batch-size', type=int, default=8, help='persons per pass of the model')
    parser.add_argument(
        '--focal-length',
        type=float,
        help='focal length of the images in px; their diagonal by default',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='change entries of the config, e.g. body_model.path=data/body_models/smpl',
    )
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    from dpmesh_plugin.apis import MeshInferencer  # takes seconds; --help should not

    try:
        inferencer = MeshInferencer(
            args.config,
            args.checkpoint,
            device=args.device,
            cfg_options=args.cfg_options,
            show_progress=True,
        )
        report = inferencer(
            args.images,
            keypoints=args.keypoints,
            out_dir=args.out,
            batch_size=args.batch_size,
            focal_length=args.focal_length,
            keypoint_set=args.keypoint_set,
        )
    except (OSError, ValueError, KeyError) as error:
        print(f'error: {error.args[0] if isinstance(error, KeyError) else error}', file=sys.stderr)
        return 1
    for problem in report.problems:
        print(f'left out: {problem}', file=sys.stderr)
    print(
        f'{report.num_persons} persons in {len(report.images)} images, '
        f'{len(report.problems)} problems; wrote to {args.out}: summary.json'
    )
    for image in report.images:
        print(f'  {image["meshes"]}  {image["overlay"]}  ({image["persons"]} persons)')
    return 0 if report.images else 1


if __name__ == '__main__':
    sys.exit(main())
