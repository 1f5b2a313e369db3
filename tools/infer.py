"""Meshes of people: python tools/infer.py CONFIG CHECKPOINT INPUTS [--keypoints FILE] --out DIR.

INPUTS are images, folders of images, quoted patterns such as 'photos/*.jpg', videos, or a camera
(webcam, webcam:1), which is recorded first. Without --keypoints the detector of the config looks
for people: detector=dict(type=...), see docs/detectors.md. DIR gets
  NAME.npz            of an image: parameters, camera, vertices and joints of every person
  NAME_overlay.jpg    all persons over the image, nearer ones in front
  NAME/               of a video: the same for every frame, persons followed, motion smoothed
  NAME_overlay.mp4    with the frame rate of the video, and its sound where ffmpeg is installed
  NAME_raw/           what the model said frame by frame; an interrupted run goes on from there
  NAME_people.jsonl   what the detector said about the video, likewise
  summary.json        what was done, and what was left out and why
"""

import argparse
import sys
from typing import Any

from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file, .pth or .safetensors')
    parser.add_argument('inputs', nargs='+', help='images, folders, patterns, videos, webcam')
    parser.add_argument(
        '--keypoints',
        help='COCO-style json; json of OpenPose or mmpose, or a folder of them; json list of '
        'results, as of AlphaPose. By default the detector of the config finds them',
    )
    parser.add_argument('--out', required=True, help='folder for the results')
    parser.add_argument(
        '--keypoint-set',
        help='names of the joints where the file does not state them, e.g. coco_17',
    )
    parser.add_argument(
        '--min-keypoints',
        type=int,
        default=3,
        help='people with fewer confident keypoints are left out; 0 for a model that takes none',
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    parser.add_argument('--batch-size', type=int, default=8, help='persons per pass of the model')
    add_camera_arguments(parser)
    parser.add_argument('--no-overlay', action='store_true', help='write no pictures and videos')
    add_video_arguments(parser)
    add_config_options(parser, 'body_model.path=data/body_models/smpl')
    return parser.parse_args()


def add_camera_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--focal-length',
        type=float,
        help='focal length of the images in px, not mm; their diagonal by default',
    )
    parser.add_argument(
        '--intrinsics',
        nargs=4,
        type=float,
        metavar=('FX', 'FY', 'CX', 'CY'),
        help='camera of the images in px, in the place of --focal-length',
    )
    parser.add_argument(
        '--apply-exif',
        action=argparse.BooleanOptionalAction,
        help='turn images as their orientation tag says; the keypoints must be of the turned ones. '
        'By default they are read as stored, and those with a tag are noted; --no-apply-exif is '
        'the same without the note',
    )


def add_video_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('videos')
    group.add_argument(
        '--max-gap', type=int, default=12, help='frames in which someone missing is filled in'
    )
    group.add_argument(
        '--no-smooth', action='store_true', help='leave motion and shape as predicted'
    )
    group.add_argument(
        '--first-frame',
        type=int,
        default=0,
        help='number of the first frame in the names of the keypoint file; of ffmpeg it is 1',
    )
    group.add_argument(
        '--webcam-seconds', type=float, help='length of a recording; by default until Ctrl-C'
    )


def intrinsics(args: argparse.Namespace) -> list[list[float]] | None:
    if args.intrinsics is None:
        return None
    fx, fy, cx, cy = args.intrinsics
    return [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]


def note_lines(notes: list) -> list[str]:
    """One line for all images with the same note."""
    images = {}
    for note in notes:
        images.setdefault(note.message, []).append(note.image)
    return [
        f'{first}{f" and {len(others)} more" if others else ""}: {message}'
        for message, (first, *others) in images.items()
    ]


def print_report(report: Any, out: str) -> None:
    """What was left out, and what an ``InferenceReport`` says was written to a folder."""
    for problem in report.problems:
        print(f'left out: {problem}', file=sys.stderr)
    for note in note_lines(report.notes):
        print(f'note: {note}', file=sys.stderr)
    print(
        f'{report.num_persons} persons in {len(report.images)} images and videos, '
        f'{len(report.problems)} problems; wrote to {out}: summary.json'
    )
    for image in report.images:
        print(f'  {image["meshes"]}  {image.get("overlay", "")}  ({image["persons"]} persons)')
        if 'sound' in image:
            print(f'    sound: {image["sound"]}')


def main() -> int:
    args = parse_args()
    # These take seconds; --help should not.
    from dpmesh_plugin.apis import MeshInferencer, VideoOptions

    with bad_input_ends():
        options = VideoOptions(
            max_gap=args.max_gap,
            smooth=not args.no_smooth,
            first_number=args.first_frame,
            webcam_seconds=args.webcam_seconds,
        )
        inferencer = MeshInferencer(
            args.config,
            args.checkpoint,
            device=args.device,
            cfg_options=args.cfg_options,
            min_keypoints=args.min_keypoints,
            show_progress=True,
        )
        report = inferencer(
            args.inputs,
            keypoints=args.keypoints,
            out_dir=args.out,
            batch_size=args.batch_size,
            focal_length=args.focal_length,
            intrinsics=intrinsics(args),
            keypoint_set=args.keypoint_set,
            draw=not args.no_overlay,
            apply_exif=args.apply_exif,
            video=options,
        )
    print_report(report, args.out)
    return 0 if report.images else 1


if __name__ == '__main__':
    sys.exit(main())
