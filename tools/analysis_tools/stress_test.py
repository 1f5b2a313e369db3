"""Find out how robust a model is: python tools/analysis_tools/stress_test.py CONFIG CHECKPOINT.

Makes the same test samples harder step by step: occluders (rectangle, object, person) of growing
size, keypoints dropped, moved, swapped between sides or people, and a border that cuts the person.
Writes error against severity as stress.json and curves.png, with the mean height of each curve as
one number, what the first sample looks like as examples.jpg, and the sensitivity of every joint to
a square that slides over the crop as sensitivity.png. A run that was stopped goes on where it was.

With a predictions file of tools/test.py --dump (.npz) in the place of CHECKPOINT nothing can be
made harder: errors are sorted by conditions that were measured (occlusion, missed keypoints, ...).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dpmesh_plugin.evaluation.protocol import data_facts, versions
from dpmesh_plugin.registry import SCOPE
from dpmesh_plugin.robustness import (
    METRICS,
    Report,
    Slider,
    Subject,
    all_stresses,
    build_data,
    build_model,
    choose_samples,
    chosen_stresses,
    draw_curves,
    draw_examples,
    draw_sensitivity,
    measure_predictions,
    observed_curve,
    prepare_occluders,
    sensitivity_map,
    sweep,
)
from dpmesh_plugin.utils.checkpoint_file import file_sha256
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends, work_dir_of
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.device import resolve_device
from dpmesh_plugin.visualization.pictures import save_image

UNTRAINED = 'none'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        help=f'checkpoint file, {UNTRAINED!r} for the weights the config starts from, or .npz',
    )
    parser.add_argument(
        '--out', help='folder for the results; stress in the work folder of the config by default'
    )
    parser.add_argument('--samples', type=int, default=64, help='people (default 64)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the choice and of the draws')
    parser.add_argument('--sweeps', nargs='+', metavar='NAME', help='only these sweeps')
    parser.add_argument(
        '--covered-keypoints',
        choices=['missed', 'kept'],
        default='missed',
        help='what the detector makes of keypoints below an occluder of a sweep (default missed)',
    )
    parser.add_argument(
        '--map-samples', type=int, default=16, help='people for the sensitivity map; 0 for none'
    )
    parser.add_argument('--map-steps', type=int, default=7, help='places along a side of the crop')
    parser.add_argument('--map-side', type=float, default=0.25, help='square over side of the crop')
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--workers', type=int, default=0, help='processes that prepare samples')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    parser.add_argument('--overwrite', action='store_true', help='begin anew')
    add_config_options(parser, 'data_root=data/mine')
    return parser.parse_args()


def settings_of(args: argparse.Namespace, facts: dict[str, Any]) -> dict[str, Any]:
    """What makes two runs the same test."""
    trained = args.checkpoint != UNTRAINED
    return {
        'config': Path(args.config).name,
        'options': {key: str(value) for key, value in args.cfg_options.items()},
        'checkpoint': Path(args.checkpoint).name,
        'checkpoint_sha256': file_sha256(args.checkpoint) if trained else None,
        **facts,
    }


def stress_model(args: argparse.Namespace, cfg: Config, out: Path) -> Report:
    """Sweeps and map of a model."""
    dataset, metric = build_data(cfg)
    stresses = all_stresses(covered_keypoints=args.covered_keypoints)
    chosen = chosen_stresses(stresses, args.sweeps or list(stresses))
    indices = choose_samples(len(dataset), args.samples, args.seed)
    slider = Slider(side=args.map_side, steps=args.map_steps)
    facts = {
        **data_facts(dataset.metainfo, metric.body_model.model_id),
        'samples': len(indices),
        'seed': args.seed,
        'covered_keypoints': args.covered_keypoints,
    }
    checkpoint = None if args.checkpoint == UNTRAINED else args.checkpoint
    device = torch.device(resolve_device(args.device))
    model = build_model(cfg, checkpoint, device=device, metric=metric, seed=args.seed)
    report = Report(out / 'stress.json', settings_of(args, facts), overwrite=args.overwrite)
    report.put(versions(), 'versions')
    parts = {'model': model, 'dataset': dataset, 'metric': metric}
    parts |= {'batch_size': args.batch_size, 'num_workers': args.workers}
    pending = [stress for stress in chosen if ('sweeps', stress.name) not in report]
    if pending:
        subject = Subject(**parts, indices=indices)
        prepare_occluders(pending)
        save_image(draw_examples(subject, chosen, args.seed), out / 'examples.jpg')
        clean = subject.errors()
        for stress in track(pending, 'sweeps'):
            report.put(sweep(subject, stress, clean, args.seed), 'sweeps', stress.name)
    few = choose_samples(len(indices), args.map_samples, args.seed) if args.map_samples else []
    old = report.get('sensitivity') or {}
    asked = {'samples': len(few), 'side': slider.side, 'steps': slider.steps}
    if few and any(old.get(name) != value for name, value in asked.items()):
        print(f'sensitivity map: {len(few) * slider.steps**2} predictions')
        subject = Subject(**parts, indices=[indices[place] for place in few])
        report.put(sensitivity_map(subject, slider, subject.errors()), 'sensitivity')
    return report


def sort_predictions(args: argparse.Namespace, cfg: Config, out: Path) -> Report:
    """Curves of a predictions file."""
    dataset, metric = build_data(cfg)
    values, conditions = measure_predictions(args.checkpoint, dataset, metric)
    facts = data_facts(dataset.metainfo, metric.body_model.model_id)
    report = Report(out / 'observed.json', settings_of(args, facts), overwrite=args.overwrite)
    for name, condition in conditions.items():
        result = observed_curve(name, values, condition)
        if result is not None:
            report.put(result, 'observed', name)
    return report


def print_areas(results: dict[str, dict], title: str) -> None:
    """One number per curve and metric."""
    table = Table(title=title)
    table.add_column('mean height of the curve, mm')
    for metric in METRICS:
        table.add_column(metric, justify='right')
        if all('rise' in result for result in results.values()):
            table.add_column('rise', justify='right')
    for name, result in results.items():
        cells = []
        for metric in METRICS:
            cells.append(_number(result['area'][metric]))
            if 'rise' in result:
                cells.append(_number(result['rise'][metric]))
        table.add_row(name, *cells)
    Console().print(table)


def _number(value: float | None) -> str:
    return '' if value is None else f'{value:.1f}'


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    saved = args.checkpoint.endswith('.npz')
    with bad_input_ends():
        cfg = load_config(args.config, args.cfg_options)
        out = Path(args.out or Path(work_dir_of(cfg, args.config)) / 'stress')
        try:
            report = (sort_predictions if saved else stress_model)(args, cfg, out)
        except KeyboardInterrupt:
            sys.exit(f'\nstopped; the same command goes on with what is in {out}')
    title = f'{args.config} with {args.checkpoint}\n{report.get("settings", "dataset")}'
    curves = report.get('observed' if saved else 'sweeps') or {}
    if curves:
        draw_curves(curves, title, out / ('observed.png' if saved else 'curves.png'))
        print_areas(curves, title)
    if report.get('sensitivity'):
        draw_sensitivity(report.get('sensitivity'), title, out / 'sensitivity.png')
    print(f'results: {out}')


if __name__ == '__main__':
    main()
