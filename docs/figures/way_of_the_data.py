"""Draw way_of_the_data.png: one person of SynthOC on the way through a small model.

python docs/figures/way_of_the_data.py [FILE]
"""

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from mmengine.registry import init_default_scope

from dpmesh_plugin.registry import DATASETS, MODELS
from dpmesh_plugin.rendering import draw_people, view_body
from dpmesh_plugin.structures import SMPL_FIELDS, BackboneOutput, KeypointPrompt
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.visualization.keypoints import draw_keypoints

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'dpmesh_synth_oc_tiny.py'
SAMPLE, SEED = 2, 0  # a person whose legs are hidden


def main() -> None:
    """Send the person through data set, transforms and model, and draw what comes by."""
    init_default_scope('dpmesh_plugin')
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(folder, DatasetRequest(train=0, test=2, seed=SEED, image_size=384))
        cfg = load_config(CONFIG, {'data_root': folder})
        person, packed = send_through(DATASETS.build(cfg.test_dataloader.dataset))
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    layout = [['person', 'crop', 'condition'], ['maps', 'body', 'body']]
    figure, panels = plt.subplot_mosaic(layout, figsize=(13.5, 11), dpi=75)
    draw_person(panels['person'], person)
    draw_crop(panels['crop'], packed)
    with torch.no_grad():
        prompt = KeypointPrompt.from_samples([packed['data_samples']], like=torch.zeros(()))
        condition = model.neck.encode(prompt)
        output = model.backbone(packed['inputs'][None] / 255, condition)
        fused = model.neck(output, condition)
    draw_condition(panels['condition'], packed, condition)
    draw_maps(panels['maps'], output, fused)
    draw_body(panels['body'], model.body_model, person, packed['data_samples'])
    figure.subplots_adjust(left=0.01, right=0.99, top=0.96, bottom=0.09, wspace=0.08, hspace=0.32)
    figure.savefig(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix('.png'))


def send_through(dataset) -> tuple[dict, dict]:
    """The plain dict of a person with its image, and what the pipeline packs of it."""
    load, *steps = dataset.pipeline.transforms
    person = load(dataset.get_data_info(SAMPLE))
    results = dict(person)
    for step in steps:
        results = step(results)
    return person, results


def draw_person(panel: Axes, person: dict) -> None:
    """The image with the detected keypoints and the given box."""
    image = draw_keypoints(
        person['img'], person['keypoints'], person['keypoint_scores'], person['keypoint_set']
    )
    panel.imshow(image)
    x, y, width, height = person['bbox_xywh']
    panel.add_patch(Rectangle((x, y), width, height, fill=False, ec='white', lw=1.5))
    count = len(person['keypoints'])
    finish(
        panel,
        '1  Data set: one dict per person',
        f'img (H, W, 3) uint8 RGB\nkeypoints ({count}, 2) px of the image\n'
        f"'{person['keypoint_set']}', scores, smpl, camera",
    )


def draw_crop(panel: Axes, packed: dict) -> None:
    """What the transforms make of it."""
    prompt = packed['data_samples'].prompt
    panel.imshow(
        draw_keypoints(
            packed['inputs'].permute(1, 2, 0).numpy(),
            np.asarray(prompt.keypoints[0]),
            np.asarray(prompt.keypoint_scores[0]),
            'dpmesh_30',
            visible=np.asarray(prompt.keypoints_visible[0]),
        )
    )
    finish(
        panel,
        '2  Transforms, PackMeshInputs',
        f'inputs {tuple(packed["inputs"].shape)} uint8\n'
        f'prompt.keypoints {tuple(prompt.keypoints.shape)} px of the crop\n'
        'a MeshDataSample: prompt, gt_instances',
    )


def draw_condition(panel: Axes, packed: dict, condition) -> None:
    """The heatmaps over the crop."""
    heat = (condition.heatmaps * condition.mask[..., None, None])[0].amax(0).numpy()
    panel.imshow(packed['inputs'].permute(1, 2, 0).numpy() // 2 + 100)
    extent = (-0.5, 255.5, 255.5, -0.5)
    panel.imshow(heat, cmap='magma', alpha=np.clip(heat * 1.2, 0, 0.85), extent=extent)
    finish(
        panel,
        '3  neck.encode: Condition',
        f'heatmaps {shape(condition.heatmaps)}: control branch\n'
        f'tokens {shape(condition.tokens)}: cross-attention\n'
        f'mask {shape(condition.mask)}',
    )


def draw_maps(panel: Axes, output: BackboneOutput, fused: torch.Tensor) -> None:
    """The maps of the backbone as squares, and the fused one."""
    panel.set(xlim=(0, 256), ylim=(256, 0), aspect='equal')
    top = 2.0
    for maps in output.features:
        side = 22 + 2.2 * maps.shape[-1]
        panel.add_patch(Rectangle((8, top), side, side, fc='#b9cdea', ec='#2f6fd0'))
        panel.text(14 + side, top + side / 2 + 4, shape(maps), fontsize=11)
        top += side + 7
    panel.add_patch(Rectangle((190, 150), 40, 40, fc='#f2c9a0', ec='#e07b20'))
    panel.text(193, 145, 'fused', fontsize=12)
    panel.text(172, 204, shape(fused), fontsize=11)
    arrow = {'arrowstyle': '-|>', 'lw': 2, 'color': '#555555'}
    panel.annotate('', (186, 170), (148, 170), arrowprops=arrow)
    maps = ', '.join(shape(each) for each in output.attention)
    finish(
        panel,
        '4  backbone, then neck',
        f'features of a small model, finest first\nattention {maps}\nall fused into one map',
    )


def draw_body(panel: Axes, body, person: dict, sample) -> None:
    """The annotated body in the image and from the side: what the head has to predict."""
    smpl = {name: torch.as_tensor(person['smpl'][name])[None] for name in (*SMPL_FIELDS, 'transl')}
    vertices = body(**smpl, gender=sample.gender).vertices[0].numpy()
    (focal_x, focal_y), (x, y) = sample.focal_length, sample.principal_point
    camera = np.array([[focal_x, 0, x], [0, focal_y, y], [0, 0, 1]])
    crop = sample.warp_mat @ camera  # the camera of the crop: the map applied to the image's
    picture = packed_image(person, sample)
    drawn = draw_people(picture, [vertices], body.faces.numpy(), np.vstack([crop, [0, 0, 1]]))
    side = view_body(vertices, body.faces.numpy(), size=(120, 256), yaw=90)
    panel.imshow(np.concatenate([drawn, side], axis=1))
    finish(
        panel,
        '5  head: a body, here the true one',
        'pred_instances: global_orient, body_pose, betas,\n'
        f'transl, vertices (1, {len(vertices)}, 3) m, camera axes\n'
        'to loss, metric, visualizer, exporters',
    )


def packed_image(person: dict, sample) -> np.ndarray:
    """The crop of the image of a person."""
    from dpmesh_plugin.geometry.affine import warp_affine

    return warp_affine(person['img'], np.asarray(sample.warp_mat), sample.input_size)


def shape(tensor: torch.Tensor) -> str:
    """A shape with B in the place of the batch size."""
    return f'(B, {", ".join(map(str, tensor.shape[1:]))})'


def finish(panel: Axes, title: str, caption: str) -> None:
    """Title above, what travels below."""
    panel.set_title(title, fontsize=15, weight='bold')
    panel.axis('off')
    panel.text(0.5, -0.04, caption, transform=panel.transAxes, ha='center', va='top', fontsize=13)


if __name__ == '__main__':
    main()
