"""Measure the errors of a 2D keypoint detector, for training with the same errors.

3DPW, SynthOC (detections beside fitted bodies), or a file of the schema with detections:
  python tools/dataset_converters/fit_keypoint_noise.py data/synth_oc/synth_oc_train.json \
      --out openpose_noise.json
Results in COCO's format beside annotations:
  python tools/dataset_converters/fit_keypoint_noise.py person_keypoints_val2017.json \
      --predictions results.json --out rtmpose_noise.json
The file is one entry of a pipeline: dict(type='DetectorNoise', errors='openpose_noise.json').
"""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.datasets.annotation_file import AnnotationFile
from dpmesh_plugin.datasets.detector_noise import (
    CAUSES,
    DetectorErrors,
    Observations,
    fit_errors,
    write_errors,
)
from dpmesh_plugin.datasets.detector_noise.sources import from_bodies, from_coco, from_schema
from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', type=Path, help='JSON file with the truth')
    parser.add_argument('--predictions', type=Path, help="detections in COCO's result format")
    parser.add_argument('--out', required=True, help='JSON file to write')
    parser.add_argument('--keypoint-set', default='coco_17', help='set of --predictions')
    parser.add_argument(
        '--threshold', type=float, default=0.05, help='confidence above which a joint is found'
    )
    parser.add_argument(
        '--body-model', help='folder of the licensed SMPL; by default the body the file names'
    )
    return parser.parse_args()


def observe(args: argparse.Namespace) -> tuple[Observations, dict]:
    """Detections beside the truth, and the facts about them."""
    file = AnnotationFile(args.annotations)
    if not len(file):
        raise ValueError(f'{file.path} has no annotation')
    facts = {'annotations': str(args.annotations), 'people_not_found': 0}
    if args.predictions is not None:
        observed, facts['people_not_found'] = from_coco(file, args.predictions, args.keypoint_set)
        return observed, facts | {'predictions': str(args.predictions)}
    if file.has('openpose_result'):
        path = args.body_model
        if path is None and file.info.get('model_id', 'smpl') == 'smpl':
            path = 'data/body_models/smpl'
        body = SMPL(path=path, genders=('neutral', 'male', 'female'))
        return from_bodies(file, body), facts
    if 'detection_set' in file.info:
        return from_schema(file), facts
    raise KeyError(
        f'{file.path} has neither openpose_result nor detections; give --predictions FILE'
    )


def print_errors(errors: DetectorErrors) -> None:
    """One row per joint; sizes in percent of the root of the area of the box."""
    table = Table(title=f'errors of {errors.facts["people"]} detected people')
    table.add_column('joint')
    misses = [cause for cause in CAUSES if cause in errors.measured] or ['any']
    for column in ('jitter %', 'wild %', 'sides swapped %', 'person swapped %'):
        table.add_column(column, justify='right')
    for cause in misses:
        table.add_column(f'missed, {cause.replace("_", " ")} %', justify='right')
    columns = [errors.jitter, errors.wild_share, errors.side_swap, errors.person_swap]
    columns += [errors.miss[CAUSES.index(c) if c in CAUSES else 0] for c in misses]
    names = get_keypoint_set(errors.keypoint_set).names
    for name, values in zip(names, np.stack(columns, axis=1), strict=True):
        table.add_row(name, *(f'{100 * value:.1f}' for value in values))
    Console(width=160).print(table)
    spread = {c: round(float(errors.spread[CAUSES.index(c)]), 2) for c in errors.measured}
    print(f'jitter by cause, as a factor: {spread}')
    print(f'wild joints are off by {100 * errors.wild_jitter:.0f} % of the size per axis')
    print(f'wrong among the confident half: {100 * errors.facts["false_confidence"]:.1f} %')
    if errors.facts['people_not_found']:
        print(f'people without any detection, left out: {errors.facts["people_not_found"]}')


def main() -> None:
    args = parse_args()
    with bad_input_ends():
        observed, facts = observe(args)
        errors = fit_errors(observed, threshold=args.threshold, facts=facts)
        write_errors(errors, args.out)
    print_errors(errors)
    print(f"pipeline entry: dict(type='DetectorNoise', errors='{args.out}')")


if __name__ == '__main__':
    main()
