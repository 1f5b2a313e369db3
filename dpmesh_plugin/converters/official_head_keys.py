"""Names of the head's parameters here and in the official release.

The table runs from our names to the official ones, as that of the image prior does: the names of a
model then give the whole table, and reading a checkpoint and writing one use the same lines.
"""

# (start of our name below the head, start of the official name).
HEAD_NAMES = (
    ('volume.exponent', 'exponent'),
    ('volume.lift.', 'conv2d_to_3d.'),
    ('volume.place.', 'conv_3d_coord.0.'),
    ('volume.layers.', 'refine_3d.layers.'),
    ('volume.norm.', 'refine_3d.norm.'),
    ('image_transformer.reduce.', 'down_linear.'),
    ('image_transformer.layers.', 'transformer.encoder.layers.'),
    ('decoder.layers.', 'transformer.decoder.layers.'),
    ('decoder.norm.', 'transformer.decoder.norm.'),
    ('decoder.joint_regressors.', 'transformer.decoder.joint_img_regress.'),
    ('decoder.joint_position.', 'transformer.decoder.fc_pos_3d.'),
    ('decoder.smpl_content', 'transformer.smpl_tgt'),
    ('decoder.joint_content', 'transformer.kp_tgt'),
    ('decoder.smpl_queries', 'spose_shape_cam_param'),
    ('decoder.joint_queries', 'query.weight'),
    ('orient_regressor.stages.', 'cascade_root_pose_out.'),
    ('pose_regressor.stages.', 'cascade_pose_out.'),
    ('betas_regressor.stages.', 'cascade_shaoe_out.'),
    ('camera_regressor.stages.', 'cascade_cam_out.'),
    ('pose_decoder.fc1.', 'vposer.vposer.bodyprior_dec_fc1.'),
    ('pose_decoder.fc2.', 'vposer.vposer.bodyprior_dec_fc2.'),
    ('pose_decoder.out.', 'vposer.vposer.bodyprior_dec_out.'),
    ('objective.weighting.params', 'awl.params'),
)

# Kept beside the official network, so that only training snapshots hold it (entry ``awl``).
SNAPSHOT_ONLY = ('awl.params',)

# Official entries outside the backbone that have no counterpart, with the reason.
UNUSED_HEAD_NAMES = (
    (r'^vposer\.vposer\.bodyprior_enc_', 'encoder of the pose prior, never run'),
    (r'^human_model_layer\.', 'body model data, which stays out of checkpoints'),
    (r'^pos_embed_1d\.pos_table$', 'computed position code'),
)


def head_to_official(name: str) -> str:
    """Official name of a parameter of the token head.

    Args:
        name: Name in :class:`~dpmesh_plugin.models.SMPLTokenHead`.

    Returns:
        Name without the prefix ``module.``. ``'volume.lift.bias'`` gives ``'conv2d_to_3d.bias'``.

    Raises:
        KeyError: the release has no such parameter.
    """
    for ours, official in HEAD_NAMES:
        if name.startswith(ours):
            return official + name.removeprefix(ours)
    raise KeyError(f'the official release has no counterpart of the head parameter {name!r}')
