"""Which body model a set of parameters belongs to."""

SMPL_FAMILY = 'smpl'
"""What annotations call any copy of the licensed files, whose ids are ``'smpl-<hash>'``."""


def is_smpl(model_id: str) -> bool:
    """Whether a body model is SMPL; SMPL-X and SMPL-H are not.

    Args:
        model_id: ``model_id`` of a body model, or what an annotation names.
    """
    return model_id.partition('-')[0] == SMPL_FAMILY


def check_annotated_body(annotated: str | None, model_id: str, where: str) -> None:
    """Raise unless parameters annotated with one body model may be given to another.

    An annotation may name a family, as ``'smpl'`` does for every licensed file whose id is
    ``'smpl-<hash>'``; None, where nothing is stated, fits everything.

    Args:
        annotated: What the annotation names.
        model_id: ``model_id`` of the body model at hand.
        where: What was annotated, for the message.

    Raises:
        ValueError: the two differ.
    """
    if annotated is None or annotated == model_id or model_id.startswith(f'{annotated}-'):
        return
    raise ValueError(
        f'{where}: annotated with body model {annotated!r}, but the one at hand is {model_id!r}; '
        'parameters of one mean nothing to the other. Set body_model.path of the config to the '
        'files of the former'
    )
