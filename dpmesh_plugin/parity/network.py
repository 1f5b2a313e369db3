"""The network of a set: stages and outputs, losses and gradients."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.models.heads import MeshTargets
from dpmesh_plugin.registry import MODELS

from .gradients import compare_gradients
from .parity_set import ParitySet, below
from .rows import Report
from .stages import backbone_stages, final_outputs, run_network, to_samples

# Largest difference over largest value, from the measured noise of the official run.
FINAL_LIMIT, INTERMEDIATE_LIMIT, FULL_LIMIT = 1e-4, 3e-4, 1e-4
# The group norms of the tiny model amplify the rounding of the finest level, where the official run
# itself is 1.1e-4 off its float64 run.
FINEST = ('feat_32', 'dbg.unet.out9', 'dbg.unet.out10', 'dbg.unet.out11')
FINEST_LIMIT = 1e-3
FINAL = (
    *('joint_img', 'root_pose_6d', 'root_pose', 'vposer_latent', 'vposer_body_pose', 'cam_param'),
    *('cam_trans', 'smpl_pose', 'smpl_shape', 'mesh_cam', 'mesh_cam_render', 'joint_proj'),
    'joint_cam',
)
VERTEX_LIMIT_MM = 0.1
LOSS_LIMIT = 1e-3
EXPECTED, STATS = 'expected.npz', 'expected_stats.json'


def compare_network(parity: ParitySet, model: nn.Module, report: Report) -> None:
    """Run the model on the inputs of a set and compare every recorded tensor.

    Args:
        parity: The set.
        model: See :func:`~.official_model.build_model`.
        report: Gets the rows. Without recorded tensors it gets the finiteness of all outputs.
    """
    outputs = run_network(model, parity.inputs)
    expected = parity.arrays(f'{parity.size}/{EXPECTED}')
    if expected is None:
        report.notes.append(
            f'network: {parity.size}/{EXPECTED} is not in the set: the model was built, filled '
            f'and run, its {len(outputs)} stages and outputs are finite or not as the rows say, '
            'but no value was compared'
        )
        for name, value in outputs.items():
            wrong = (~value.isfinite()).float().mean()
            shape = 'x'.join(map(str, value.shape))
            report.add(f'network/{name} ({shape}) is finite', wrong, 0.0, 0.0, unit='share')
        return
    stats = parity.content(f'{parity.size}/{STATS}') or {}
    stages = backbone_stages(model, parity.inputs) | outputs
    for name, recorded in expected.items():
        if name not in stages:
            report.notes.append(f'network: {name} is recorded, but no stage of ours has this name')
            report.add(f'network/{name}', np.nan, 0.0, 0.0)
            continue
        value = _sampled(stages[name], stats.get(name), name)
        report.add(f'network/{name}', value, recorded, network_limit(name, parity.size))
    if 'mesh_cam' in expected:
        ours = _sampled(stages['mesh_cam'], stats.get('mesh_cam'), 'mesh_cam')
        report.add(
            'network/vertices', ours, expected['mesh_cam'], VERTEX_LIMIT_MM, unit='mm', scale=1000
        )


def network_limit(name: str, size: str) -> float:
    """Largest relative error of a recorded tensor."""
    if size == 'full':
        return FULL_LIMIT
    if name in FINAL:
        return FINAL_LIMIT
    return FINEST_LIMIT if name in FINEST else INTERMEDIATE_LIMIT


def _sampled(value: Tensor, sampling: Mapping | None, name: str) -> np.ndarray:
    """The entries of a tensor that are recorded.

    Raises:
        ValueError: the recorded tensor has another shape.
    """
    if sampling is None:
        return value.numpy()
    if list(value.shape) != sampling['shape']:
        raise ValueError(
            f'{name} has shape {list(value.shape)}, recorded is {sampling["shape"]}: the inputs '
            'or the manifest belong to another set'
        )
    stride = sampling['stride']
    return value.numpy().reshape(-1)[::stride] if stride > 1 else value.numpy()


def compare_losses(parity: ParitySet, model: nn.Module, report: Report) -> None:
    """Losses and gradients of the recorded batch; leaves the gradients in the model."""
    record = parity.arrays('losses.npz')
    if record is None or parity.size != 'tiny':
        missing = record is None
        report.notes.append(
            'losses, gradients: '
            + ('losses.npz is not in the set' if missing else 'recorded for the tiny size only')
        )
        return
    objective = model.head.objective
    inputs = below(record, 'in.')
    samples = to_samples(inputs, model.neck.heatmap_stride)
    output = model(torch.from_numpy(inputs['img_u8']) / 255, samples)
    operands = model.head.loss_operands(output, recorded_targets(record))
    losses = objective(operands)
    total = sum(value for name, value in losses.items() if name.startswith('loss_'))
    model.zero_grad()
    total.backward()
    for name, value in final_outputs(output).items():
        if f'pred.{name}' in record:
            report.add(f'losses/{name}', value.detach(), record[f'pred.{name}'], FINAL_LIMIT)
    for name, term in objective.terms.items():
        prediction, target, valid = operands[name]
        errors = ((prediction - target).abs() * valid * term.factor).detach()
        recorded = record[f'elementwise.{name}_0']
        report.add(f'losses/elementwise.{name}', errors.view(recorded.shape), recorded, LOSS_LIMIT)
        for kind, key in (('mean', name), ('awl_filled', f'loss_{name}')):
            value = losses[key].item()
            report.add(f'losses/{kind}.{name}', value, record[f'{kind}.{name}_0'], LOSS_LIMIT)
    report.add('losses/total', total.item(), record['total_awl_filled'], LOSS_LIMIT)
    weights = objective.weighting.params
    report.add('losses/awl_params', weights.detach(), record['awl_params_filled'], 1e-6)
    _compare_initial_weights(record, report)
    compare_gradients(parity, model, record, report)


def _compare_initial_weights(record: Mapping[str, np.ndarray], report: Report) -> None:
    weighting = MODELS.build({'type': 'AutomaticWeightedLoss'})
    names = [str(name) for name in record['awl_key_order']]
    weighted = weighting({name: torch.tensor(record[f'mean.{name}']) for name in names})
    for name in names:
        value = weighted[name].item()
        report.add(f'losses/awl_init.{name}', value, record[f'awl_init.{name}'], LOSS_LIMIT)
    total = sum(weighted.values()).item()
    report.add('losses/total_init', total, record['total_awl_init'], LOSS_LIMIT)


def recorded_targets(record: Mapping[str, np.ndarray]) -> MeshTargets:
    """The recorded targets; they are random numbers, so no sample has them."""

    def load(name: str) -> Tensor:
        return torch.from_numpy(np.asarray(record[name], dtype=np.float32))

    has_depth = load('meta.is_3D')[:, None, None]
    has_fit = load('meta.is_valid_fit')[:, None, None]
    inside = load('meta.orig_joint_trunc')
    return MeshTargets(
        image_joints=load('target.orig_joint_img'),
        image_joints_valid=torch.cat([inside, inside, inside * has_depth], dim=-1),
        fit_image_joints=load('target.fit_joint_img'),
        fit_image_joints_valid=(load('meta.fit_joint_trunc') * has_fit).expand(-1, -1, 3),
        joints=load('target.orig_joint_cam'),
        joints_valid=load('meta.orig_joint_valid') * has_depth,
        pose=load('target.pose_param').unflatten(1, (24, 3)),
        pose_valid=load('meta.fit_param_valid').unflatten(1, (24, 3)) * has_fit,
        betas=load('target.shape_param'),
        betas_valid=has_fit[:, 0],
    )
