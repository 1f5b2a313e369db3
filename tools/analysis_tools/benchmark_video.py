"""What a video costs beside the model: python tools/analysis_tools/benchmark_video.py CONFIG.

Two people who walk past each other are drawn, and their keypoints are given. Times are those of the
processor, so that other programs do not count. The weights are the initial ones of the config,
unless a checkpoint is given. Memory is the most that the process ever held: if it is the same for
videos of other lengths, it is constant.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import init_default_scope

from dpmesh_plugin.apis import KeypointFile, MeshInferencer
from dpmesh_plugin.apis.person import ImageKeypoints, Person
from dpmesh_plugin.apis.video_reader import VideoReader
from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.registry import MODELS, SCOPE
from dpmesh_plugin.rendering import draw_people
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.visualization import save_animation

FRAME_RATE = 25.0
KEYPOINT_SET = 'coco_17'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', nargs='?', help='weights; by default the initial ones')
    parser.add_argument('--frames', type=int, default=1500, help='length of the video; 25 a second')
    parser.add_argument('--size', type=int, nargs=2, default=(1280, 720), metavar=('W', 'H'))
    parser.add_argument('--batch-size', type=int, default=8, help='persons per pass of the model')
    parser.add_argument('--no-overlay', action='store_true', help='write no video')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


class TimedInferencer(MeshInferencer):
    """Adds up the processor time of the model."""

    seconds = 0.0

    def forward(self, inputs: dict, **kwargs: object) -> list:
        """A pass of the model."""
        start = time.process_time()
        outputs = super().forward(inputs, **kwargs)
        self.seconds += time.process_time() - start
        return outputs


def walk(body: SMPL, intrinsics: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (2, V, 3), m, and COCO joints (2, 17, 2), px, of two people in a frame."""
    seconds = number / FRAME_RATE
    swing = np.sin(2 * np.pi * 0.8 * seconds)
    pose = torch.zeros(2, 23, 3)
    pose[:, 0, 0], pose[:, 1, 0] = 0.5 * swing, -0.5 * swing
    pose[:, 15, 2], pose[:, 16, 2] = -1.1, 1.1
    share = (seconds % 4) / 4
    transl = torch.tensor([[-1.5 + 3 * share, 0.2, 4.2], [1.2 - 2.4 * share, 0.2, 5.5]])
    orient = torch.tensor([[np.pi, 0, 0]]).float().expand(2, 3)
    with torch.no_grad():
        posed = body(global_orient=orient, body_pose=pose, betas=torch.zeros(2, 10), transl=transl)
        joints = body.regress(posed.vertices, KEYPOINT_SET).numpy()
    pixels = joints @ intrinsics.T
    return posed.vertices.numpy(), (pixels[..., :2] / pixels[..., 2:]).astype(np.float32)


def make_video(path: Path, num_frames: int, size: tuple[int, int]) -> KeypointFile:
    """Write a video; the keypoints of the people in it."""
    body, focal = SMPL(), float(np.hypot(*size))
    intrinsics = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    columns = np.linspace(60, 200, size[0])[None, :, None]
    backdrop = np.broadcast_to(columns, (size[1], size[0], 3)).astype(np.uint8)
    images = []

    def frames() -> Iterator[np.ndarray]:
        for number in range(num_frames):
            vertices, joints = walk(body, intrinsics, number)
            scores = np.ones(joints.shape[1], np.float32)
            people = tuple(Person(i, j, scores, KEYPOINT_SET, None) for i, j in enumerate(joints))
            images.append(ImageKeypoints(f'{path.stem}_{number:06d}', people))
            colors = [np.array([0.8, 0.5, 0.4]), np.array([0.4, 0.5, 0.8])]
            faces = body.faces.numpy()
            yield draw_people(
                backdrop, list(vertices), faces, intrinsics, colors=colors, alpha=1, fast=True
            )

    save_animation(frames(), path, frame_rate=FRAME_RATE)
    return KeypointFile(path, tuple(images))


def build(args: argparse.Namespace, folder: Path) -> TimedInferencer:
    """The inferencer on the CPU."""
    cfg = load_config(args.config, args.cfg_options)
    checkpoint = args.checkpoint
    if checkpoint is None:
        torch.manual_seed(0)
        checkpoint = folder / 'initial.pth'
        torch.save({'state_dict': MODELS.build(cfg.model).state_dict()}, checkpoint)
    return TimedInferencer(cfg, checkpoint, device='cpu')


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with tempfile.TemporaryDirectory() as name, bad_input_ends():
        folder = Path(name)
        inferencer = build(args, folder)
        video = folder / 'people.mp4'
        keypoints = make_video(video, args.frames, tuple(args.size))
        start = time.process_time()
        for _ in range(1 if args.no_overlay else 2):
            for _ in VideoReader(video).frames():
                pass
        reading = time.process_time() - start
        start = time.process_time()
        report = inferencer(
            video,
            keypoints=keypoints,
            out_dir=folder / 'out',
            batch_size=args.batch_size,
            draw=not args.no_overlay,
        )
        total = time.process_time() - start
    rest = total - inferencer.seconds - reading
    persons = keypoints.num_persons
    print(f'{args.frames} frames of {args.size[0]} x {args.size[1]} px, {persons} persons')
    for problem in report.problems:
        print(f'  left out: {problem}')
    for part, seconds in (
        ('the model', inferencer.seconds),
        ('decoding the video', reading),
        ('crops, tracking, smoothing, drawing, files', rest),
    ):
        share = 100 * seconds / inferencer.seconds
        print(f'  {1000 * seconds / persons:6.1f} ms a person, {share:5.1f} % of the model: {part}')
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f'  {peak:.0f} MB at most')


if __name__ == '__main__':
    main()
