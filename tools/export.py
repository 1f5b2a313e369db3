"""Results in the formats of other programs: python tools/export.py INPUT --format glb --out DIR.

INPUT is a result file (.npz) of tools/infer.py, or a folder of them, such as the one that it wrote
to: the photographs in it, and the videos in the folders right below. The formats are
  obj, ply   mesh of every person and frame
  glb        all persons, skinned and animated, for Blender, game engines and web pages
  bvh        skeleton and motion of every person
  json       parameters, camera and named joints of every image
  png        front, side and top view of every person
  gif, mp4   all persons on a turntable
"""

import argparse
import sys


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('input', help='result file, or folder of result files')
    parser.add_argument(
        '--format', nargs='+', required=True, metavar='NAME', help='one or more of the above'
    )
    parser.add_argument('--out', required=True, help='folder for the files')
    parser.add_argument(
        '--fps',
        type=float,
        help='the folder holds the frames of one video at this rate, numbered by their names; '
        'needed only for files that do not state it themselves',
    )
    parser.add_argument(
        '--body-model', help='folder or file of the body model; the open body by default'
    )
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    # These take seconds; --help should not.
    from dpmesh_plugin.apis.exporters import export_results
    from dpmesh_plugin.body_models import SMPL
    from dpmesh_plugin.utils.cli import bad_input_ends

    with bad_input_ends():
        report = export_results(
            args.input,
            args.format,
            args.out,
            body_model=SMPL(path=args.body_model),
            frame_rate=args.fps,
        )
    for problem in report.problems:
        print(f'left out: {problem}', file=sys.stderr)
    print(f'{len(report.files)} files, {len(report.problems)} problems; wrote to {args.out}')
    for file in report.files[:20]:
        print(f'  {file.relative_to(args.out)}')
    if len(report.files) > 20:
        print(f'  ... and {len(report.files) - 20} more')
    return 0 if report.files else 1


if __name__ == '__main__':
    sys.exit(main())
