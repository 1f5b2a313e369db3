"""Which parameters of a model are trained, chosen by name, and the parts they are counted in."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from torch import nn

LOSS_WEIGHTS = 'loss_weights'
# Parts of the diffusion prior, which are trained or not one by one.
PRIOR_PARTS = ('vae', 'unet', 'lora', 'controlnet')


def public_name(parameter: str) -> str:
    """The name under which a parameter is chosen: adapters form a part beside the UNet.

    ``backbone.unet.mid_block.x.lora_A.default.weight`` is
    ``backbone.lora.mid_block.x.lora_A.default.weight``; all others keep their name.
    """
    if '.lora_' not in parameter:
        return parameter
    before, _, after = parameter.rpartition('unet.')
    return f'{before}lora.{after}'


def part_of(parameter: str) -> str:
    """The part that a parameter of an estimator is counted in.

    Args:
        parameter: Its name in the estimator.

    Returns:
        ``'vae', 'unet', 'lora', 'controlnet'`` or, of another backbone, ``'backbone'``; ``'neck'``;
        ``'head'``; ``'loss_weights'`` for the learned weights of the loss terms.
    """
    if '.objective.weighting.' in parameter:
        return LOSS_WEIGHTS
    part, _, below = public_name(parameter).partition('.')
    child = below.split('.')[0]
    return child if part == 'backbone' and child in PRIOR_PARTS else part


def choose(parameters: Iterable[str], names: Sequence[str], owner: str) -> set[str]:
    """The parameters that some names cover.

    A name covers the parameter of that name, all below it, and, with ``*`` in it, all that match
    the pattern.

    Args:
        parameters: Names to choose from.
        names: Dotted names or patterns, such as ``'head.decoder'`` or ``'*.norm*'``.
        owner: What the parameters belong to, for the message.

    Raises:
        TypeError: one text in the place of a list.
        ValueError: a name covers nothing; the message lists the parts there are.
    """
    if isinstance(names, str):
        raise TypeError(
            f'trainable is a list of names, got the text {names!r}; on the command line [{names}]'
        )
    parameters = {public_name(parameter): parameter for parameter in parameters}
    covered = {
        name: {own for public, own in parameters.items() if _covers(name, public)} for name in names
    }
    idle = [name for name, found in covered.items() if not found]
    if idle:
        parts = list(dict.fromkeys(public.split('.')[0] for public in parameters))
        raise ValueError(
            f'trainable names {idle}, which cover no parameter; {owner} has the parts {parts} and '
            'what lies below them, as in named_parameters()'
        )
    return set().union(*covered.values())


def freeze_all_but(model: nn.Module, names: Sequence[str], owner: str) -> None:
    """Keep only those parameters trainable that are so already and that some name covers.

    Args:
        model: The model, changed in place.
        names: See :func:`choose`.
        owner: What the model is called in a message.

    Raises:
        ValueError: a name covers no trainable parameter.
    """
    trainable = {name: each for name, each in model.named_parameters() if each.requires_grad}
    chosen = choose(trainable, names, f'of what its parts train, {owner}')
    for name, parameter in trainable.items():
        parameter.requires_grad_(name in chosen)


def _covers(name: str, parameter: str) -> bool:
    return parameter == name or parameter.startswith(f'{name}.') or fnmatchcase(parameter, name)
