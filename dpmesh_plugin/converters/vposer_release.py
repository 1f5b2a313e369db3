"""The pose prior VPoser from its release folders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from dpmesh_plugin.body_models.vposer import PUBLISHED_LAYERS

from .weight_files import read_weights

SOURCE = 'register at https://smpl-x.is.tue.mpg.de and download VPoser v1.0 or v2.0'


@dataclass(frozen=True)
class Version:
    """One release of the prior.

    Args:
        name: As the publisher calls it.
        layers: Start of an official name -> layer of ``VPoserDecoder``.
        negative_slope: Of the leaky rectifiers, which the weights do not tell.
    """

    name: str
    layers: Mapping[str, str]
    negative_slope: float


VERSIONS = (
    Version(
        'v1',
        PUBLISHED_LAYERS,
        0.2,
    ),
    Version(
        'v2',
        {
            'vp_model.decoder_net.0': 'fc1',
            'vp_model.decoder_net.3': 'fc2',
            'vp_model.decoder_net.5': 'out',
        },
        0.01,
    ),
)


def find_snapshot(folder: str | Path) -> Path:
    """The weight file of a release folder.

    Args:
        folder: ``vposer_v1_0`` or ``V02_05``; or the weight file itself.

    Raises:
        FileNotFoundError: no weight file below ``folder/snapshots``.
        ValueError: more than one.
    """
    folder = Path(folder).expanduser()
    if folder.is_file():
        return folder
    found = sorted([*folder.glob('snapshots/*.pt'), *folder.glob('snapshots/*.ckpt')])
    if not found:
        raise FileNotFoundError(
            f'expected a VPoser release folder with snapshots/*.pt or *.ckpt, found none in '
            f'{folder.absolute()}: {SOURCE}'
        )
    if len(found) > 1:
        names = ', '.join(path.name for path in found)
        raise ValueError(f'{folder.absolute()} has several snapshots, name one of them: {names}')
    return found[0]


def vposer_to_dpmesh(path: str | Path) -> tuple[dict[str, Tensor], Version]:
    """Read the decoder half of a VPoser weight file.

    Args:
        path: See :func:`find_snapshot`.

    Returns:
        The state dict of a ``VPoserDecoder``, and the version it comes from.

    Raises:
        FileNotFoundError: no such file.
        ValueError: damaged file, or one of neither version.
    """
    path = find_snapshot(path)
    content = read_weights(path)
    content = content.get('state_dict', content)
    for version in VERSIONS:
        names = {
            f'{theirs}.{kind}': f'{ours}.{kind}'
            for theirs, ours in version.layers.items()
            for kind in ('weight', 'bias')
        }
        if all(name in content for name in names):
            return {ours: content[name] for name, ours in names.items()}, version
    raise ValueError(
        f'{path.absolute()} is no VPoser: expected names that start with '
        f'{" or ".join(next(iter(version.layers)) for version in VERSIONS)}, found '
        f'{", ".join(list(content)[:3])}'
    )
