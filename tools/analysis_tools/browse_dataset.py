"""Look at a data set: python tools/analysis_tools/browse_dataset.py CONFIG --out DIR [options].

Writes one picture per person with a panel for every stage of the pipeline: annotated box (yellow),
crop (cyan), what the detector said (skeleton), true joints by the reason why they are hidden
(squares), and after the last stage the annotated mesh.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from rich.progress import track

from dpmesh_plugin.datasets.nesting import innermost
from dpmesh_plugin.datasets.transforms.augmentation import Augmentation
from dpmesh_plugin.geometry.affine import apply_affine, crop_affine
from dpmesh_plugin.registry import DATASETS, SCOPE, VISUALIZERS
from dpmesh_plugin.rendering import add_label
from dpmesh_plugin.structures import Visibility
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import SPLITS, load_config, loader_of
from dpmesh_plugin.visualization.keypoints import draw_keypoints
from dpmesh_plugin.visualization.pictures import contact_sheet, save_image

PANEL_HEIGHT = 320
WIDE = 2 * PANEL_HEIGHT  # a picture this wide gets a row of its own
SQUARE = 12  # px, larger than the dot of a keypoint, so that it shows around one
YELLOW, CYAN = (255, 220, 0), (0, 220, 255)
CAUSE_COLORS = {
    Visibility.VISIBLE: (60, 200, 75),
    Visibility.SELF_OCCLUDED: (70, 130, 255),
    Visibility.OCCLUDED_BY_PERSON: (240, 60, 230),
    Visibility.OCCLUDED_BY_OBJECT: (255, 120, 0),
    Visibility.TRUNCATED: (150, 150, 150),
    Visibility.UNKNOWN: (255, 255, 255),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument('--out', required=True, help='folder for the pictures')
    parser.add_argument('--split', choices=SPLITS, default='train')
    parser.add_argument('--samples', type=int, default=16, help='people (default 16)')
    parser.add_argument('--start', type=int, default=0, help='position of the first one')
    parser.add_argument('--stages', nargs='+', help='only these transforms; all by default')
    parser.add_argument('--seed', type=int, default=0, help='seed of the augmentation')
    add_config_options(parser, 'data_root=data/mine')
    return parser.parse_args()


def build_datasets(cfg: Config, split: str) -> list[BaseDataset]:
    """The data sets of a split, under whatever wraps them."""
    return [DATASETS.build(part) for part in innermost(loader_of(cfg, split).dataset)]


def stage_panels(
    dataset: BaseDataset, index: int, stages: list[str] | None, visualizer: Any
) -> Iterator[np.ndarray]:
    """Pictures of one person, one per stage."""
    results = dataset.get_data_info(index)
    for transform in dataset.pipeline.transforms:
        name = type(transform).__name__
        image = results.get('img')
        results = transform(results)
        if image is None and 'data_samples' in results:
            raise ValueError(
                f'the pipeline of {type(dataset).__name__} reads no pictures, so there is nothing '
                'to look at: browse a config with LoadMeshImage on the same data'
            )
        if stages is not None and name not in stages:
            continue
        if 'data_samples' in results:
            yield visualizer.draw(image, results['data_samples'])
        elif 'img' in results:
            yield add_label(draw_stage(results), name)


def draw_stage(results: dict) -> np.ndarray:
    """The picture as it stands, with boxes and keypoints in its pixels, scaled to the panel."""
    image = results['img'].clip(0, 255).astype(np.uint8)
    factor = PANEL_HEIGHT / image.shape[0]
    canvas = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    if 'warp_mat' not in results:
        draw_boxes(canvas, results, factor)
    if 'prompt_keypoints' in results:
        points, scores = results['prompt_keypoints'], results['prompt_scores']
        name, visible = results['prompt_set'], results['prompt_visible'] > 0
    else:
        points, scores = results['keypoints'], results['keypoint_scores']
        name, visible = results['keypoint_set'], None
    canvas = draw_keypoints(canvas, points * factor, scores, name, visible=visible)
    if 'keypoints_2d' in results:
        draw_true_joints(canvas, results, factor)
    return canvas


def draw_boxes(canvas: np.ndarray, results: dict, factor: float) -> None:
    """The annotated box and the crop, turned as it will be cut."""
    x, y, width, height = results['bbox_xywh'] * factor
    cv2.rectangle(canvas, (int(x), int(y)), (int(x + width), int(y + height)), YELLOW, 1)
    if 'crop_box' in results:
        augmentation = results.get('augmentation', Augmentation())
        _, back = crop_affine(
            results['crop_box'],
            (1, 1),
            scale=augmentation.scale,
            rotation=augmentation.rotation,
            mirror_width=results['ori_shape'][0] if augmentation.flip else None,
        )
        corners = apply_affine(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]), back) * factor
        cv2.polylines(canvas, [np.rint(corners).astype(np.int32)], True, CYAN, 1, cv2.LINE_AA)


def draw_true_joints(canvas: np.ndarray, results: dict, factor: float) -> None:
    """Squares in the colour of the reason why a joint is hidden."""
    unknown = np.full(len(results['keypoints_2d']), Visibility.UNKNOWN)
    causes = results.get('visibility', unknown)
    rows = zip(results['keypoints_2d'] * factor, results['keypoints_2d_valid'], causes, strict=True)
    for (x, y), valid, cause in rows:
        if valid:
            corner = (round(float(x)) - SQUARE // 2, round(float(y)) - SQUARE // 2)
            cv2.rectangle(
                canvas, (*corner, SQUARE, SQUARE), CAUSE_COLORS[Visibility(int(cause))], 1
            )


def stack(rows: list[np.ndarray]) -> np.ndarray:
    """Pictures below each other on white."""
    width = max(row.shape[1] for row in rows)
    gaps = [((0, 0), (0, width - row.shape[1]), (0, 0)) for row in rows]
    return np.vstack(
        [np.pad(row, gap, constant_values=255) for row, gap in zip(rows, gaps, strict=True)]
    )


def legend() -> np.ndarray:
    """A panel that says which colour is which."""
    panel = np.full((PANEL_HEIGHT, 190, 3), 40, np.uint8)
    entries = {cause.name.lower().replace('_', ' '): color for cause, color in CAUSE_COLORS.items()}
    entries |= {'annotated box': YELLOW, 'crop': CYAN}
    for row, (text, color) in enumerate(entries.items()):
        top = 14 + 24 * row
        cv2.rectangle(panel, (10, top, 12, 12), color, cv2.FILLED)
        cv2.putText(panel, text, (30, top + 11), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (230,) * 3, 1)
    return panel


def browse(args: argparse.Namespace) -> None:
    """Write the pictures."""
    cfg = load_config(args.config, args.cfg_options)
    datasets = build_datasets(cfg, args.split)
    steps = [type(step).__name__ for part in datasets for step in part.pipeline.transforms]
    names = list(dict.fromkeys(steps))
    unknown = sorted(set(args.stages or ()) - set(names))
    if unknown:
        raise KeyError(f'no stage {", ".join(unknown)}; the pipeline has: {", ".join(names)}')
    body_model = cfg.get('body_model', {'type': 'SMPL', 'genders': ('neutral', 'male', 'female')})
    visualizer = VISUALIZERS.build(
        {
            'type': 'MeshVisualizer',
            'name': 'browse',
            'body_model': body_model,
            'panel_height': PANEL_HEIGHT,
        }
    )
    people = [(part, position) for part in datasets for position in range(len(part))]
    chosen = people[args.start : args.start + args.samples]
    for index, (dataset, position) in enumerate(track(chosen, 'people'), args.start):
        panels = [*stage_panels(dataset, position, args.stages, visualizer), legend()]
        rows = [contact_sheet([p for p in panels if p.shape[1] < WIDE], 5)]
        rows += [panel for panel in panels if panel.shape[1] >= WIDE]
        sample_idx = dataset.get_data_info(position)['sample_idx']
        path = Path(args.out) / f'{args.split}_{index:05d}_{sample_idx}.jpg'
        save_image(stack(rows), path)
    print(f'{len(chosen)} of {len(people)} people: {Path(args.out).absolute()}')


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    torch.manual_seed(args.seed)
    with bad_input_ends():
        browse(args)


if __name__ == '__main__':
    main()
