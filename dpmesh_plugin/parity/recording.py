"""Writing a small set of this package's own numbers in the layout of the reference set."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.converters import dpmesh_to_official
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.io import atomic_write, dump_json

from .gradients import official_gradients
from .network import EXPECTED, STATS, recorded_targets
from .official_model import build_model
from .parity_set import GENDERS, ParitySet
from .rows import Report
from .stages import backbone_stages, final_outputs, run_network, to_samples

# The smallest width that the published numbers of groups and heads divide. With as many groups as
# channels a normalisation would remove what the time step adds, so the UNet's other levels have two
# channels per group.
WIDTH = 32
TRANSFORMER = {'num_layers': 1, 'feedforward_channels': 2 * WIDTH}
SMALL_MODEL = {
    'type': 'MeshEstimator',
    'backbone': {
        'type': 'DiffusionPriorBackbone',
        'unet': {
            'block_out_channels': (WIDTH, 2 * WIDTH, 2 * WIDTH, 2 * WIDTH),
            'layers_per_block': 1,
            'cross_attention_dim': 16,
        },
        'vae': {'block_out_channels': (WIDTH,) * 4, 'layers_per_block': 1},
        'controlnet': {},
        'lora': {'rank': 2},
    },
    'neck': {'type': 'KeypointConditionNeck', 'out_channels': WIDTH},
    'head': {
        'type': 'SMPLTokenHead',
        'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8},
        'volume': {'type': 'FeatureVolume', 'channels': WIDTH, 'size': (2, 8, 8), **TRANSFORMER},
        'image_transformer': {'type': 'ImageTransformer', **TRANSFORMER},
        'decoder': {'type': 'TokenDecoder', **TRANSFORMER, 'num_layers': 2},
    },
}
SIZE, BATCH, NUM_JOINTS = 'tiny', 2, 30
# Entries kept per array; larger arrays are sub-sampled.
MAX_ENTRIES = 90
# Side of the blocks of one colour that the made-up crops consist of, px.
BLOCK, CROP = 16, 256
GROUPS = (('lora_', 'lora'), ('backbone.outmodules', 'neck'), ('kp_lifting', 'neck'))


def record_set(folder: str | Path, salt: str = '') -> None:
    """Record a set of the size ``'tiny'`` with the open body.

    Args:
        folder: Where to; files of an older set are replaced.
        salt: Text appended to every key of the fill rule.
    """
    folder = Path(folder)
    body = SMPL(genders=GENDERS)
    dump_json(_manifest(body), folder / SIZE / 'manifest.json', indent=None)
    inputs = made_up_inputs(np.random.default_rng(0))
    _save(folder / SIZE / 'inputs.npz', inputs)
    parity = ParitySet(folder, SIZE, salt)
    model = build_model(parity, Report())
    stages = backbone_stages(model, inputs) | run_network(model, inputs)
    expected, sampling = {}, {}
    for name, value in stages.items():
        stride = -(-value.numel() // MAX_ENTRIES)
        flat = value.reshape(-1)[::stride].numpy()
        expected[name] = flat if stride > 1 else value.numpy()
        sampling[name] = {'shape': list(value.shape), 'stride': stride}
    _save(folder / SIZE / EXPECTED, expected)
    dump_json(sampling, folder / SIZE / STATS, indent=None)
    _record_losses(parity, model, inputs)


def made_up_inputs(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs of a batch: blocks of colour, and keypoints of which some are hidden."""
    blocks = generator.integers(0, 256, (BATCH, 3, CROP // BLOCK, CROP // BLOCK), dtype=np.uint8)
    joints = generator.uniform(-2, 34, (BATCH, NUM_JOINTS, 3)).astype(np.float32)
    inside = ((joints[..., :2] >= 0) & (joints[..., :2] < 32)).all(axis=-1, keepdims=True)
    return {
        'img_u8': blocks.repeat(BLOCK, axis=2).repeat(BLOCK, axis=3),
        'joints': joints,
        'joints_mask': inside.astype(np.float32),
        'cliff_focal_length': np.array([2200.0, 800.0]),
    }


def _manifest(body: SMPL) -> dict:
    """The manifest of the small model, without the columns of values."""
    head = {**SMALL_MODEL['head'], 'body_model': body}
    model = MODELS.build({**SMALL_MODEL, 'head': head})
    keep = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if 'objective' not in name and not name.endswith('_extra_state')
    }
    rows = [_row(key, tensor, filled=True) for key, tensor in dpmesh_to_official(keep).items()]
    table = model.head.volume.position
    rows.append(_row('pos_embed_1d.pos_table', table, filled=False))
    summary = {'size': SIZE, 'body_model': body.model_id}
    return {'summary': summary, 'keys': rows}


def _row(key: str, tensor: Tensor, *, filled: bool) -> dict:
    row = {'key': key, 'shape': list(tensor.shape), 'alias_of': None, 'filled': filled}
    group = _group(key)
    return row | ({'optimizer_group': group} if group else {})


def _group(key: str) -> str | None:
    """Group of the published optimiser."""
    group = next((group for mark, group in GROUPS if mark in key), None)
    return group or (None if key.startswith('backbone.') else 'head')


def _record_losses(parity: ParitySet, model: nn.Module, inputs: dict[str, np.ndarray]) -> None:
    record = _made_up_truth(np.random.default_rng(1))
    record |= {f'in.{name}': value for name, value in inputs.items()}
    samples = to_samples(inputs, model.neck.heatmap_stride)
    output = model(torch.from_numpy(inputs['img_u8']) / 255, samples)
    objective = model.head.objective
    operands = model.head.loss_operands(output, recorded_targets(record))
    losses = objective(operands)
    total = sum(value for name, value in losses.items() if name.startswith('loss_'))
    total.backward()
    initial = MODELS.build({'type': 'AutomaticWeightedLoss'})
    names = sorted(objective.terms)
    weighted = initial({f'{name}_0': losses[name] for name in names})
    for name in names:
        prediction, target, valid = operands[name]
        errors = (prediction - target).abs() * valid * objective.terms[name].factor
        record[f'elementwise.{name}_0'] = errors.detach().numpy()
        record[f'mean.{name}_0'] = losses[name].double().numpy()
        record[f'awl_filled.{name}_0'] = losses[f'loss_{name}'].detach().double().numpy()
        record[f'awl_init.{name}_0'] = weighted[f'{name}_0'].detach().double().numpy()
    record['awl_key_order'] = np.array([f'{name}_0' for name in names])
    record['awl_params_filled'] = objective.weighting.params.detach().numpy()
    record['total_awl_filled'] = total.detach().double().numpy()
    record['total_awl_init'] = sum(weighted.values()).detach().double().numpy()
    pictured = final_outputs(output)
    record['pred.cam_param'] = pictured['cam_param'].detach().numpy()
    record['pred.joint_proj'] = pictured['joint_proj'].detach().numpy()
    gradients = official_gradients(model)
    record['grad.awl.params'] = gradients.pop('awl.params').numpy()
    _save(parity.folder / 'losses.npz', record)
    norms = {name: {'norm': _rounded(value)} for name, value in gradients.items()}
    content = {'summary': {}, 'per_parameter': norms}
    dump_json(content, parity.folder / 'losses_gradients.json', indent=None)


def _rounded(gradient: Tensor) -> float:
    return float(f'{gradient.double().norm().item():.7g}')


def _made_up_truth(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Targets of two people: one with depth and fit, one without."""

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (generator.standard_normal((BATCH, *shape)) * scale).astype(np.float32)

    def flags(*shape: int) -> np.ndarray:
        return generator.integers(0, 2, (BATCH, *shape)).astype(np.float32)

    joint = (NUM_JOINTS, 3)
    return {
        'target.orig_joint_img': 32 + normal(*joint, scale=10),
        'target.fit_joint_img': 32 + normal(*joint, scale=10),
        'target.orig_joint_cam': normal(*joint, scale=0.3),
        'target.pose_param': normal(72, scale=0.3),
        'target.shape_param': normal(10),
        'meta.orig_joint_valid': flags(NUM_JOINTS, 1),
        'meta.orig_joint_trunc': flags(NUM_JOINTS, 1),
        'meta.fit_joint_trunc': flags(NUM_JOINTS, 1),
        'meta.fit_param_valid': np.repeat(flags(24), 3, axis=1),
        'meta.is_valid_fit': np.array([1.0, 0.0]),
        'meta.is_3D': np.array([1.0, 0.0]),
    }


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with atomic_write(path) as temporary, open(temporary, 'wb') as file:
        np.savez_compressed(file, **arrays)
