"""Generate SynthOC, an occlusion benchmark in the layout of 3DPW-OC, with the open body.

python tools/dataset_converters/make_synth_oc.py --out data/synth_oc --train 2000 --test 300
"""

import argparse
import os
import sys
import time
from pathlib import Path

from rich.progress import MofNCompleteColumn, Progress

from dpmesh_plugin.synthesis import DatasetRequest, write_dataset
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, required=True, help='folder to write')
    parser.add_argument('--train', type=int, required=True, help='number of training images')
    parser.add_argument('--test', type=int, required=True, help='number of test images')
    parser.add_argument('--val', type=int, default=0, help='number of validation images')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same bytes')
    parser.add_argument(
        '--workers', type=int, default=len(os.sched_getaffinity(0)), help='number of processes'
    )
    parser.add_argument('--image-size', type=int, default=256, help='side of the images in px')
    parser.add_argument(
        '--supersample',
        type=int,
        default=2,
        metavar='N',
        help='rendered samples per pixel and side: 1 is quicker, 2 has smooth edges (default)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='write anew over any SynthOC in --out'
    )
    return parser.parse_args()


def write(args: argparse.Namespace) -> None:
    """Write the data set and say what was written."""
    request = DatasetRequest(
        train=args.train,
        test=args.test,
        val=args.val,
        seed=args.seed,
        image_size=args.image_size,
        supersample=args.supersample,
    )
    count = sum(request.splits().values())
    start = time.perf_counter()
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as progress:
        bar = progress.add_task('images', total=count)
        written = write_dataset(
            args.out,
            request,
            workers=args.workers,
            overwrite=args.overwrite,
            progress=lambda: progress.advance(bar),
        )
    seconds = time.perf_counter() - start
    if written:
        print(f'wrote {count} images to {args.out} in {seconds:.1f} s')
    else:
        print(f'{args.out} is complete already: nothing to do')


def main() -> None:
    args = parse_args()
    try:
        with bad_input_ends():
            write(args)
    except KeyboardInterrupt:
        sys.exit(f'\nstopped: {args.out} is unfinished; run again with --overwrite')


if __name__ == '__main__':
    main()
