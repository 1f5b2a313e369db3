"""What a model must consist of for what is done with it."""

from torch import nn

_PARTS = ('backbone', 'neck', 'head')


def check_estimator(model: nn.Module) -> None:
    """Refuse a model that is not made of backbone, neck and head.

    Raises:
        ValueError: it lacks one of the three; the message names model and part.
    """
    lacking = [name for name in _PARTS if not hasattr(model, name)]
    if lacking:
        raise ValueError(
            f'expected an estimator of backbone, neck and head, got {type(model).__name__} '
            f'without {", ".join(lacking)}'
        )


def check_diffusion(model: nn.Module, option: str) -> None:
    """Refuse an option that only a diffusion backbone has.

    Args:
        model: Estimator.
        option: Name of the option, for the message.

    Raises:
        ValueError: the backbone of the model has no UNet.
    """
    backbone = getattr(model, 'backbone', None)
    if not hasattr(backbone, 'unet'):
        found = type(model if backbone is None else backbone).__name__
        raise ValueError(f'{option} is for DiffusionPriorBackbone, got {found}: leave it out')
