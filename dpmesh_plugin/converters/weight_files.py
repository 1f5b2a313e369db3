"""Weight files of other projects: read without running code and without copying values."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dpmesh_plugin.utils.io import atomic_write

from .restricted_pickle import PLAIN, pickle_module, reading

_ZIP_MAGIC = b'PK\x03\x04'
_ALLOWED = {
    **PLAIN,
    'typing.Any': Any,
    'torch.Size': torch.Size,
    'torch.device': torch.device,
    'torch._utils._rebuild_tensor': torch._utils._rebuild_tensor,
    'torch._utils._rebuild_tensor_v2': torch._utils._rebuild_tensor_v2,
    'torch._utils._rebuild_parameter': torch._utils._rebuild_parameter,
}
_ALLOWED |= {
    f'torch.{dtype}': getattr(torch, dtype)
    for dtype in ('float16', 'bfloat16', 'float32', 'float64', 'int32', 'int64', 'uint8', 'bool')
}
_ALLOWED |= {
    f'torch.{kind}Storage': getattr(torch, f'{kind}Storage')
    for kind in ('Half', 'BFloat16', 'Float', 'Double', 'Int', 'Long', 'Short', 'Byte', 'Bool')
}
# Training frameworks whose bookkeeping sits beside the weights; it is never looked at.
_BOOKKEEPING = ('pytorch_lightning', 'lightning', 'lightning_fabric', 'omegaconf')


def read_weights(path: str | Path) -> dict[str, Any]:
    """Read the content of a weight file of another project.

    Args:
        path: A ``.safetensors`` file or anything written by ``torch.save``. Values stay on disk
            until they are used.

    Returns:
        The file's mapping as it is.

    Raises:
        FileNotFoundError: no such file.
        ValueError: damaged or foreign file, or a pickle with something else than weights in it.
    """
    path = Path(path).expanduser()
    kind = 'a weight file (.safetensors, or written by torch.save)'
    content = reading(
        path, kind, lambda: _read_safetensors(path) if _is_safetensors(path) else _read_torch(path)
    )
    if not isinstance(content, Mapping):
        raise ValueError(
            f'{path.absolute()} holds a {type(content).__name__}, expected a dict of tensors'
        )
    return dict(content)


def write_weights(state: Mapping[str, Tensor], path: str | Path, **about: str) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        state: State dict.
        path: Where to; ``.safetensors`` chooses that format, anything else that of ``torch.save``
            in mmengine's layout.
        about: Remarks kept beside the weights.
    """
    path = Path(path).expanduser()
    with atomic_write(path) as temporary:
        if _is_safetensors(path):
            from safetensors.torch import save_file

            tensors = {name: tensor.contiguous() for name, tensor in state.items()}
            save_file(tensors, temporary, metadata=about)
        else:
            torch.save({'meta': about, 'state_dict': dict(state)}, temporary)


def _is_safetensors(path: Path) -> bool:
    return path.suffix == '.safetensors'


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


def _read_torch(path: Path) -> Any:
    with open(path, 'rb') as file:
        is_zip = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
    if is_zip and any(name.endswith('constants.pkl') for name in zipfile.ZipFile(path).namelist()):
        raise ValueError('a TorchScript program')
    return torch.load(
        path,
        map_location='cpu',
        mmap=is_zip,
        weights_only=False,
        pickle_module=pickle_module(_ALLOWED, _BOOKKEEPING),
    )
