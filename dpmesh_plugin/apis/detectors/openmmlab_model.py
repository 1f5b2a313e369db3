"""Networks of mmpose and mmdet from config and checkpoint."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from dpmesh_plugin.engine.checkpoint import compare_keys
from dpmesh_plugin.utils.checkpoint_file import file_sha256, read_checkpoint, state_dict_of
from dpmesh_plugin.utils.mmcv_ops import import_openmmlab

from .base_detector import check_weights

# How mmengine names a config that an installed package brings.
_OF_PACKAGE = '::'


@contextmanager
def scope_of(package: str) -> Iterator[None]:
    """Let a package look its parts up in its own registries; ours are the default again after."""
    with DefaultScope.overwrite_default_scope(package):
        yield


def build_network(
    package: str, function: str, config: str | Path, checkpoint: str | Path, user: str
) -> nn.Module:
    """Build a network on the CPU by the package's own function.

    Args:
        package: ``'mmpose'`` or ``'mmdet'``.
        function: Of its ``apis``, which takes config, checkpoint and device.
        config: Config file, or one that the package brings: ``'mmpose::body_2d_keypoint/...py'``.
        checkpoint: Its weights.
        user: What needs it, for messages.

    Raises:
        ImportError: the package is not installed.
        FileNotFoundError: config or checkpoint are not there.
        ValueError: the checkpoint lacks weights of the network, or runs code when loaded.
    """
    apis = import_openmmlab(f'{package}.apis', user)
    cfg = Config.fromfile(config_file(str(config), user))
    check_weights(checkpoint, f'the model zoo of {package}, which lists a file for every config')
    content = read_checkpoint(checkpoint)
    with scope_of(package), warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'checkpoint is None')  # it is loaded below
        network = getattr(apis, function)(cfg, None, device='cpu')
    # Not by the package, which runs code stored in a file, and goes on with initial weights where
    # the file has none.
    weights = state_dict_of(content)
    comparison = compare_keys(network, weights)
    missing = [*comparison.missing, *(key for key, *_ in comparison.mismatched)]
    if missing:
        raise ValueError(
            f'{Path(checkpoint).absolute()} lacks {len(missing)} weights of the network of '
            f'{config}, the first {missing[0]}: is it the checkpoint of another config?'
        )
    network.load_state_dict(weights, strict=False)
    network.dataset_meta |= content.get('meta', {}).get('dataset_meta', {})
    return network


def network_facts(config: str | Path, checkpoint: str | Path, user: str) -> dict[str, str]:
    """Checksums of what a network of :func:`build_network` depends on.

    Args:
        config: As given to it.
        checkpoint: Likewise.
        user: What needs it, for messages.
    """
    content = repr(Config.fromfile(config_file(str(config), user)).to_dict())
    return {
        'config_sha256': hashlib.sha256(content.encode()).hexdigest(),
        'checkpoint_sha256': file_sha256(checkpoint),
    }


def config_file(config: str, user: str) -> Path:
    """The file of a config, which may be one that an installed package brings (``package::``)."""
    package, separator, rest = config.partition(_OF_PACKAGE)
    path = Path(config)
    if separator and find_spec(package) is not None:
        path = Path(find_spec(package).submodule_search_locations[0]) / '.mim' / 'configs' / rest
    if not path.is_file():
        raise FileNotFoundError(
            f'{user}: expected a config file, or one of an installed package such as '
            f"'mmpose::body_2d_keypoint/...py', found none at {path.absolute()}"
        )
    return path
