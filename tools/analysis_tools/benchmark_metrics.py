"""Measure how fast MeshMetric is: python tools/analysis_tools/benchmark_metrics.py [options].

Made-up people of the open body are given to the metric as a test loop does, in one thread, and a
share of them to the loop of the published evaluation: sample by sample in NumPy, the body model's
pass included, since both start from annotated parameters. The values of both must agree. Times are
processor time, so that other processes on the machine do not count.
"""

import os

# Before the first import of NumPy and PyTorch, which read them once.
for variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[variable] = '1'

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.body_models.body_file import BodyFile, read_bodies
from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.evaluation.definitions import METRIC_CHOICES
from dpmesh_plugin.profiling import machine_facts
from dpmesh_plugin.structures import keypoint_map
from dpmesh_plugin.utils.cli import bad_input_ends

GENDERS = ('male', 'female')
PUBLISHED = ('MPJPE', 'PA-MPJPE', 'MPVPE')
LIMIT_MM = 0.01
# Different people; the benchmark goes through them again and again.
NUM_PEOPLE = 240


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--samples', type=int, default=35_000, help='samples for the metric')
    parser.add_argument('--reference', type=int, default=240, help='samples for the loop')
    parser.add_argument('--batch-size', type=int, default=12, help='samples in a batch')
    parser.add_argument(
        '--metrics', nargs='+', default=list(PUBLISHED), help=f'out of {", ".join(METRIC_CHOICES)}'
    )
    parser.add_argument('--joint-set', nargs='+', default=['h36m_14'])
    return parser.parse_args()


def make_people(body: SMPL) -> list[dict]:
    """Samples whose predictions are their own bodies in another pose."""
    random = torch.Generator().manual_seed(0)
    pose = torch.randn(2, NUM_PEOPLE, 24, 3, generator=random) * 0.2
    betas = torch.randn(NUM_PEOPLE, 10, generator=random)
    genders = [GENDERS[index % len(GENDERS)] for index in range(NUM_PEOPLE)]
    with torch.no_grad():
        predicted = body(
            global_orient=pose[1, :, 0], body_pose=pose[1, :, 1:], betas=betas, gender=genders
        ).vertices
    return [
        {
            'gender': genders[index],
            'img_path': 'made up',
            'gt_instances': {
                'global_orient': pose[0, index : index + 1, 0],
                'body_pose': pose[0, index : index + 1, 1:],
                'betas': betas[index : index + 1],
            },
            'pred_instances': {'vertices': predicted[index : index + 1]},
        }
        for index in range(NUM_PEOPLE)
    ]


def batches(people: list[dict], samples: int, size: int) -> Iterator[list[dict]]:
    """The people again and again, each time under another index."""
    for start in range(0, samples, size):
        indices = range(start, min(start + size, samples))
        yield [{**people[index % NUM_PEOPLE], 'sample_idx': index} for index in indices]


def processor_time(function: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


class PublishedLoop:
    """The evaluation of the release, one sample at a time."""

    def __init__(self, body: SMPL) -> None:
        self.files = read_bodies(None, GENDERS)
        self.h36m = body.regressors.h36m_17.numpy()
        self.joints = body.regressors.dpmesh_30.numpy()
        self.evaluated = keypoint_map('h36m_17', 'h36m_14')

    def __call__(self, sample: dict) -> tuple[float, float, float]:
        """MPJPE, PA-MPJPE and MPVPE, mm."""
        truth = {name: value[0].numpy() for name, value in sample['gt_instances'].items()}
        pose = np.concatenate([truth['global_orient'][None], truth['body_pose']])
        true = body_mesh(self.files[sample['gender']], pose, truth['betas'])
        predicted = sample['pred_instances']['vertices'][0].numpy()
        pair = []
        for mesh in (predicted, true):
            joints = self.h36m @ mesh
            pair.append((joints - joints[:1])[self.evaluated])
        aligned = rigid_align(*pair)
        errors = [np.sqrt(((joints - pair[1]) ** 2).sum(1)).mean() for joints in (pair[0], aligned)]
        centred = [mesh - (self.joints @ mesh)[:1] for mesh in (predicted, true)]
        errors.append(np.sqrt(((centred[0] - centred[1]) ** 2).sum(1)).mean())
        return tuple(1000 * float(error) for error in errors)


def body_mesh(body: BodyFile, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Vertices (V, 3) of one body, m, as a layer of SMPL for single samples makes them."""
    rotations = rodrigues(pose)
    shaped = body.v_template + body.shapedirs @ betas
    joints = body.joint_regressor @ shaped
    features = (rotations[1:] - np.eye(3, dtype=np.float32)).ravel()
    posed = shaped + body.posedirs @ features
    world: list[np.ndarray] = []
    for joint, parent in enumerate(body.parents):
        local = np.eye(4, dtype=np.float32)
        local[:3, :3] = rotations[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        world.append(world[parent] @ local if parent >= 0 else local)
    transforms = np.stack(world)
    transforms[:, :3, 3] -= (transforms[:, :3, :3] @ joints[..., None])[..., 0]
    blended = (body.weights @ transforms.reshape(-1, 16)).reshape(-1, 4, 4)
    homogeneous = np.concatenate([posed, np.ones_like(posed[:, :1])], axis=1)
    return (blended @ homogeneous[..., None])[:, :3, 0]


def rodrigues(pose: np.ndarray) -> np.ndarray:
    """Rotation matrices (J, 3, 3) of axis-angles (J, 3)."""
    angle = np.linalg.norm(pose, axis=1)[:, None, None]
    x, y, z = (pose / angle[:, 0]).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    return np.eye(3, dtype=np.float32) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def rigid_align(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Source (K, 3) after the best similarity transform to the target."""
    means = source.mean(0), target.mean(0)
    U, singular, Vh = np.linalg.svd((source - means[0]).T @ (target - means[1]) / len(source))
    if np.linalg.det(U @ Vh) < 0:
        singular[-1], Vh[-1] = -singular[-1], -Vh[-1]
    scale = singular.sum() / source.var(axis=0).sum()
    return scale * (source - means[0]) @ (U @ Vh) + means[1]


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    body = SMPL(genders=GENDERS)
    people = make_people(body)
    with bad_input_ends():
        metric = MeshMetric(body_model=body, metrics=args.metrics, joint_set=args.joint_set)

    def run() -> dict[str, float]:
        for batch in batches(people, args.samples, args.batch_size):
            metric.process(None, batch)
        return metric.evaluate(args.samples)

    loop = PublishedLoop(body)
    references = next(batches(people, args.reference, args.reference))
    loop(references[0])
    loop_seconds, loop_values = processor_time(lambda: [loop(sample) for sample in references])
    seconds, _ = processor_time(run)
    metric.process(None, references)
    found = metric.sample_values()
    deviation = max(
        float(np.abs(found[name] - np.array(loop_values)[:, index]).max())
        for index, name in enumerate(PUBLISHED)
        if name in found
    )
    show(args, seconds, loop_seconds / args.reference, deviation)


def show(args: argparse.Namespace, seconds: float, loop: float, deviation: float) -> None:
    """Print the table, and fail if the values differ."""
    each = seconds / args.samples
    table = Table(title=f'{args.samples} samples, one thread, processor time', title_justify='left')
    table.add_column('')
    table.add_column('ms per sample', justify='right')
    table.add_column('samples/s', justify='right')
    table.add_row('published loop, NumPy', f'{loop * 1e3:.3f}', f'{1 / loop:.0f}')
    table.add_row(f'MeshMetric: {", ".join(args.metrics)}', f'{each * 1e3:.3f}', f'{1 / each:.0f}')
    console = Console()
    console.print(table)
    console.print(f'all samples: {seconds:.1f} s; {loop / each:.1f} times as fast as the loop')
    console.print(f'largest difference of a value: {deviation:.2g} mm (limit {LIMIT_MM} mm)')
    console.print(
        ', '.join(f'{name}: {value}' for name, value in machine_facts(torch.device('cpu')).items())
    )
    if deviation > LIMIT_MM:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
