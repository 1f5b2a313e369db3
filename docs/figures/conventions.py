"""Draw conventions.png: axes, pixels, joints and crops, computed by the package.

python docs/figures/conventions.py [FILE]
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.affine import apply_affine, crop_affine, warp_affine
from dpmesh_plugin.geometry.camera import project
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle
from dpmesh_plugin.rendering import Mesh, render, shade
from dpmesh_plugin.rendering.overlay import to_uint8
from dpmesh_plugin.structures import get_keypoint_set

SIZE, FOCAL, DISTANCE = (720, 720), 1500.0, 3.9
COLORS = {'left': '#2f6fd0', 'right': '#e07b20', 'none': '#555555'}
AXES = (('x, right', '#d62728'), ('y, down', '#2ca02c'), ('z, forward', '#1f4fd0'))
# A body of SMPL stands along +y; half a turn about x brings it into camera axes.
TO_CAMERA = (np.pi, 0.0, 0.0)


def main() -> None:
    """Draw all panels."""
    body = SMPL()
    figure, panels = plt.subplots(2, 2, figsize=(13, 13), dpi=90)
    draw_axes(panels[0, 0], body)
    draw_joints(panels[0, 1], body)
    draw_pixels(panels[1, 0])
    draw_crop(panels[1, 1], body)
    figure.tight_layout(pad=1.5)
    figure.savefig(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix('.png'))


def stand(body: SMPL, turn: float = 0.0) -> dict[str, torch.Tensor]:
    """Parameters of a body in front of the camera, turned about the vertical axis, rad."""
    vertical = axis_angle_to_matrix(torch.tensor([0.0, turn, 0.0]))
    orient = matrix_to_axis_angle(axis_angle_to_matrix(torch.tensor(TO_CAMERA)) @ vertical)
    pose = torch.zeros(1, 23, 3)
    names = get_keypoint_set('smpl_24')
    for side, sign in (('left', -1.0), ('right', 1.0)):
        pose[0, names.index(f'{side}_shoulder') - 1, 2] = sign * 0.75  # arms half down
    return {'global_orient': orient[None], 'body_pose': pose, 'betas': torch.zeros(1, 10)}


def place(points: torch.Tensor, pelvis: torch.Tensor) -> torch.Tensor:
    """Points (K, 3) moved so that the pelvis is before the camera."""
    return points - pelvis + torch.tensor([0.0, -0.08, DISTANCE])


def to_pixels(points: torch.Tensor) -> np.ndarray:
    """Pixels (K, 2) of points (K, 3) in camera axes, by ``geometry.camera.project``."""
    middle = torch.tensor([[(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2]])
    return project(points[None], torch.tensor([FOCAL]), middle)[0].numpy()


def picture(vertices: torch.Tensor, faces: torch.Tensor) -> np.ndarray:
    """The body as the camera sees it."""
    points, triangles = vertices.numpy(), faces.numpy()
    camera = np.array(
        [[FOCAL, 0, (SIZE[0] - 1) / 2], [0, FOCAL, (SIZE[1] - 1) / 2], [0, 0, 1]], np.float64
    )
    mesh = Mesh(points, triangles, shade(points, triangles, np.array([0.75, 0.75, 0.78])))
    return to_uint8(render([mesh], camera, SIZE, (1.0, 1.0, 1.0), supersample=2).color)


def draw_axes(panel: Axes, body: SMPL) -> None:
    """The body, and the three axes from its pelvis."""
    parameters = stand(body, turn=0.5)
    vertices = body(**parameters).vertices[0]
    pelvis = body.keypoints(keypoint_set='smpl_24', **parameters)[0, 0]
    panel.imshow(picture(place(vertices, pelvis), body.faces))
    start = place(pelvis, pelvis)
    for axis, (name, color) in enumerate(AXES):
        tip = start.clone()
        # Along the line of sight an arrow of any length is a point: it is drawn towards a corner.
        tip[axis] += 0.42
        if axis == 2:
            tip += torch.tensor([-0.2, -0.16, 0.0])
        ends = to_pixels(torch.stack([start, tip]))
        arrow = {'arrowstyle': '-|>', 'color': color, 'lw': 3, 'mutation_scale': 22}
        panel.annotate('', ends[1], ends[0], arrowprops=arrow)
        shift = [-60, -14] if axis == 2 else [6, 16]
        panel.annotate(name, ends[1] + shift, color=color, fontsize=14, weight='bold')
    finish(panel, 'Camera axes, metres, right-handed. z points away from the viewer')


def draw_joints(panel: Axes, body: SMPL) -> None:
    """The 30 joints with their numbers; left and right are the person's."""
    parameters = stand(body)
    joints = body.keypoints(keypoint_set='dpmesh_30', **parameters)[0]
    vertices = body(**parameters).vertices[0]
    image = picture(place(vertices, joints[0]), body.faces)
    pixels, members = to_pixels(place(joints, joints[0])), get_keypoint_set('dpmesh_30')
    face = [members.index(name) for name in ('head', *members.names[24:])]
    head = panel.inset_axes([0.75, 0.73, 0.25, 0.27])
    middle, reach = pixels[face].mean(axis=0), 52
    for view, labelled in ((panel, set(range(members.num)) - set(face)), (head, set(face))):
        view.imshow(image, alpha=0.45)
        for start, end in members.links:
            view.plot(*pixels[[start, end]].T, color='#999999', lw=1.2)
        for index, (name, pixel) in enumerate(zip(members.names, pixels, strict=True)):
            color = COLORS.get(name.split('_')[0], COLORS['none'])
            view.plot(*pixel, 'o', color=color, ms=4)
            if index in labelled:
                shift = [1, -3] if view is head else [4, -5]
                style = {'color': color, 'fontsize': 10, 'weight': 'bold'}
                view.annotate(str(index), pixel + shift, **style)
    head.set(xlim=middle[0] + [-reach, reach], ylim=middle[1] + [reach, -reach])
    head.set(xticks=[], yticks=[])
    listing = [f'{index:2d} {name}' for index, name in enumerate(members.names)]
    for column, part in enumerate((listing[:15], listing[15:])):
        panel.text(
            (5, 545)[column], 440, '\n'.join(part), fontsize=9.5, family='monospace', va='top'
        )
    finish(panel, "dpmesh_30 in the image: blue is the person's left, orange the right")


def draw_pixels(panel: Axes) -> None:
    """Pixel centres at integer coordinates."""
    grey = np.linspace(0.55, 0.95, 20).reshape(4, 5)
    panel.imshow(grey, cmap='gray', vmin=0, vmax=1)
    for row in range(4):
        for column in range(5):
            panel.plot(column, row, '.', color='black')
            panel.annotate(f'({column}, {row})', (column - 0.2, row + 0.25), fontsize=10)
    arrow = {'arrowstyle': '-|>', 'color': AXES[0][1], 'lw': 2.5}
    panel.annotate('', (1.4, -0.75), (-0.5, -0.75), arrowprops=arrow, annotation_clip=False)
    panel.annotate('x', (1.5, -0.68), color=AXES[0][1], fontsize=14, annotation_clip=False)
    arrow = {**arrow, 'color': AXES[1][1]}
    panel.annotate('', (-0.75, 1.4), (-0.75, -0.5), arrowprops=arrow, annotation_clip=False)
    panel.annotate('y', (-0.8, 1.7), color=AXES[1][1], fontsize=14, annotation_clip=False)
    panel.plot(-0.5, -0.5, 'kx', ms=9)
    panel.annotate('corner of the image: (-0.5, -0.5)', (-0.4, -0.36), fontsize=10)
    finish(panel, 'Pixels: the centre of the first is (0, 0). Sizes are (width, height)')
    panel.set(xlim=(-1.1, 4.6), ylim=(4.1, -1.1))


def draw_crop(panel: Axes, body: SMPL) -> None:
    """A box turned by 30 degrees, and the crop it becomes."""
    parameters = stand(body)
    vertices = body(**parameters).vertices[0]
    pelvis = body.keypoints(keypoint_set='smpl_24', **parameters)[0, 0]
    image = picture(place(vertices, pelvis), body.faces)
    box, side, degrees = np.array([230.0, 20.0, 280.0, 280.0]), 280, 30.0
    forward, backward = crop_affine(box, (side, side), rotation=degrees)
    crop = warp_affine(image, forward, (side, side))
    canvas = np.full((SIZE[1], SIZE[0] + side + 40, 3), 255, np.uint8)
    canvas[:, : SIZE[0]] = image
    canvas[220 : 220 + side, -side:] = crop
    panel.imshow(canvas)
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side], [0, 0]], np.float64)
    outline = apply_affine(corners, backward)
    panel.plot(*outline.T, color='#d62728', lw=2)
    shift = np.array([SIZE[0] + 40, 220])
    panel.plot(*(corners + shift).T, color='#d62728', lw=2)
    for corner, name in zip(
        corners[:4], ('0, 0', f'{side}, 0', f'{side}, {side}', f'0, {side}'), strict=True
    ):
        for point in (apply_affine(corner, backward), corner + shift):
            panel.annotate(f'({name})', point, fontsize=10, color='#d62728')
    panel.annotate('warp_mat', (SIZE[0] - 60, 190), fontsize=13, color='#d62728')
    arrow = {'arrowstyle': '-|>', 'color': '#d62728', 'lw': 2}
    panel.annotate('', (SIZE[0] + 30, 260), (outline[1] + outline[2]) / 2, arrowprops=arrow)
    finish(panel, 'Crops: a positive rotation turns the box clockwise on the screen')


def finish(panel: Axes, title: str) -> None:
    """Title, and nothing else around the panel."""
    panel.set_title(title, fontsize=13)
    panel.axis('off')


if __name__ == '__main__':
    main()
