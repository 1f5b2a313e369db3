"""Every recorded tensor of the network, by its recorded name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from dpmesh_plugin.models.backbones.unet_stages import (
    decoder_stage,
    encoder_stage,
    middle_stage,
    time_embedding,
)
from dpmesh_plugin.models.heads import HeadOutput
from dpmesh_plugin.models.heads.mesh_targets import IMAGE_GRID
from dpmesh_plugin.models.necks.heatmaps import gaussian_heatmaps
from dpmesh_plugin.structures import KeypointPrompt, MeshDataSample

MAP_LEVELS = (1, 2)


def to_samples(inputs: Mapping[str, np.ndarray], stride: int) -> list[MeshDataSample]:
    """Samples of recorded inputs.

    Args:
        inputs: ``joints`` (B, 30, 2 or 3) in cells of the heatmaps, ``joints_mask`` (B, 30, 1) and
            ``cliff_focal_length`` (B,) px.
        stride: Pixels per cell.
    """
    samples = []
    rows = zip(inputs['joints'], inputs['joints_mask'], inputs['cliff_focal_length'], strict=True)
    for joints, mask, focal in rows:
        # The model takes the diagonal of the image for the focal length; only that is recorded.
        samples.append(
            MeshDataSample(
                metainfo={'ori_shape': (float(focal), 0.0)},
                prompt=InstanceData(
                    keypoints=torch.from_numpy(joints[None, :, :2]) * stride,
                    keypoint_scores=torch.ones(1, len(joints)),
                    keypoints_visible=torch.from_numpy(mask[None, :, 0]),
                ),
            )
        )
    return samples


@torch.no_grad()
def run_network(model: nn.Module, inputs: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """One forward of the whole model; what its parts gave and its outputs.

    Args:
        model: A ``MeshEstimator`` of the published design.
        inputs: See :func:`to_samples`, and ``img_u8`` (B, 3, H, W).
    """
    images = torch.from_numpy(inputs['img_u8']) / 255
    with _recorded(model) as stages:
        output = model(images, to_samples(inputs, model.neck.heatmap_stride))
    return stages | final_outputs(output)


def final_outputs(output: HeadOutput) -> dict[str, Tensor]:
    """Outputs of the head by their recorded names."""
    position = (output.pelvis + output.transl)[:, None]
    pose = torch.cat([output.global_orient, output.body_pose.flatten(1)], dim=1)
    stride = 256 / IMAGE_GRID
    return {
        'joint_img': output.image_joints,
        'root_pose_6d': output.orient_6d,
        'root_pose': output.global_orient,
        'vposer_latent': output.pose_latent,
        'vposer_body_pose': output.body_pose.flatten(1),
        'cam_param': output.camera,
        'cam_trans': output.transl,
        'smpl_pose': pose,
        'smpl_shape': output.betas,
        'mesh_cam': output.vertices,
        'mesh_cam_render': output.vertices + position,
        'joint_proj': output.keypoints_2d / stride,
        'joint_cam': output.joints,
    }


@contextmanager
def _recorded(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Collect what the parts of the model give in the forwards of the block."""
    stages: dict[str, Tensor] = {}
    hooks = []
    for name, (part, convert) in _watched(model).items():

        def keep(
            _module: nn.Module,
            _inputs: tuple,
            output: Tensor,
            name: str = name,
            convert: Callable = convert,
        ) -> None:
            stages[name] = convert(output)

        hooks.append(part.register_forward_hook(keep))
    tokens = model.head.image_transformer
    side = model.head.volume.size[1:]
    position = tokens.position.T.unflatten(1, side)
    try:
        yield stages
        batch = len(stages['memory'][0])
        stages['dbg.pos_embed_2d'] = position.expand(batch, -1, -1, -1)
    finally:
        for hook in hooks:
            hook.remove()


def _watched(model: nn.Module) -> dict[str, tuple[nn.Module, Callable]]:
    """Recorded name -> module whose output it is, and the way from our order of axes to it."""

    def same(output: Tensor) -> Tensor:
        return output

    def tokens_first(output: Tensor) -> Tensor:
        return output.transpose(0, 1)

    head = model.head
    encoder = model.backbone.vae.encoder
    watched = {
        'dbg.vae.mid_out': (encoder.mid_block, same),
        'backbone_feature': (model.neck, same),
        'dbg.conv2d_to_3d': (head.volume.lift, same),
        'dbg.conv_3d_coord': (head.volume.place, same),
        'refined_3d_volume': (head.volume, same),
        'dbg.down_linear': (head.image_transformer.reduce, same),
        'memory': (head.image_transformer, tokens_first),
        'hs': (head.decoder, lambda outputs: outputs[0].transpose(1, 2)),
    }
    lists = {
        'dbg.vae.down{}_out': (encoder.down_blocks, same),
        'dbg.refine3d.layer{}': (head.volume.layers, tokens_first),
        'dbg.tr.enc{}': (head.image_transformer.layers, tokens_first),
        'dbg.tr.dec{}': (head.decoder.layers, tokens_first),
        'dbg.tr.joint_regress{}': (head.decoder.joint_regressors, same),
    }
    for name, (parts, convert) in lists.items():
        watched |= {name.format(i): (part, convert) for i, part in enumerate(parts)}
    return watched


@torch.no_grad()
def backbone_stages(model: nn.Module, inputs: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Condition, image encoder, UNet, control branch and neck, block by block."""
    images = torch.from_numpy(inputs['img_u8']) / 255
    backbone, neck = model.backbone, model.neck
    prompt = KeypointPrompt.from_samples(to_samples(inputs, neck.heatmap_stride), images)
    condition = neck.encode(prompt)
    points = prompt.keypoints / neck.heatmap_stride
    moments = backbone.encode_image(images)
    latent = backbone.scale_latent(moments)
    hint, tokens = condition.heatmaps, condition.tokens
    control = backbone.control_residuals(latent, hint, tokens)
    output = backbone(images, condition)
    fine, *middle, coarse = output.features
    joined = [torch.cat(pair, 1) for pair in zip(middle, output.attention, strict=True)]
    return {
        **_unet_stages(backbone, latent, tokens, control),
        **_control_stages(backbone, latent, hint, tokens),
        **{f'control.{i}': each for i, each in enumerate(control)},
        'heatmap_unmasked': gaussian_heatmaps(points, neck.heatmap_size, neck.heatmap_sigma),
        'context': tokens,
        'control_hint': hint,
        'vae_moments': moments,
        'vae_latent': latent,
        'feat_32': fine,
        'feat_16': joined[0],
        'feat_8': joined[1],
        'feat_4': coarse,
        'attn_16x16': output.attention[0],
        'attn_8x8': output.attention[1],
        'neck.branch32': neck.branches[0](fine),
        'neck.branch16': neck.branches[1](joined[0]),
    }


def _unet_stages(
    backbone: nn.Module, latent: Tensor, tokens: Tensor, control: tuple[Tensor, ...]
) -> dict[str, Tensor]:
    unet = backbone.unet
    time = time_embedding(unet, backbone.timestep, latent)
    skips, down = encoder_stage(unet, unet.conv_in(latent), time, tokens, MAP_LEVELS)
    middle = middle_stage(unet, skips[-1], time, tokens)
    controlled = [a + b for a, b in zip(skips, control[:-1], strict=True)]
    _, outputs, up = decoder_stage(unet, middle + control[-1], controlled, time, tokens, MAP_LEVELS)
    stages = {'dbg.unet.mid': middle, 'dbg.unet.time_emb': time.expand(len(latent), -1)}
    stages |= {f'dbg.unet.in{i}': x for i, x in enumerate(skips)}
    stages |= {f'dbg.unet.out{i}': x for i, x in enumerate(outputs)}
    for side, maps in (('up', up[2] + up[1]), ('down', down[1] + down[2])):
        for i, each in enumerate(maps):
            stages[f'dbg.attn.{side}_cross.{i}'] = each.flatten(2).transpose(1, 2)
    return stages


def _control_stages(
    backbone: nn.Module, latent: Tensor, hint: Tensor, tokens: Tensor
) -> dict[str, Tensor]:
    branch = backbone.controlnet
    time = time_embedding(branch, backbone.timestep, latent)
    states = branch.conv_in(latent) + branch.controlnet_cond_embedding(hint)
    outputs, _ = encoder_stage(branch, states, time, tokens)
    stages = {f'dbg.control.in{i}': x for i, x in enumerate(outputs)}
    stages['dbg.control.mid'] = middle_stage(branch, outputs[-1], time, tokens)
    return stages | {'dbg.control.time_emb': time.expand(len(latent), -1)}
