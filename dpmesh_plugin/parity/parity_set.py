"""A directory of recorded numbers in the layout of the reference set."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.utils.io import load_json

SIZES = ('tiny', 'full')
GENDERS = ('neutral', 'male', 'female')
BODY_FILE = 'synthetic_body.npz'
_ROW_KEYS = ('key', 'shape', 'alias_of', 'filled')
_INPUTS = ('img_u8', 'joints', 'joints_mask', 'cliff_focal_length')


@dataclass(frozen=True)
class ParitySet:
    """Recorded numbers of one model size, and of what has no size.

    Args:
        folder: The directory.
        size: ``'tiny'`` or ``'full'``, a folder in it.
        salt: Text appended to every key of the fill rule.

    Raises:
        ValueError: unknown size, or a file that is not what its name says.
        FileNotFoundError: no such directory, or no manifest for the size.
        KeyError: the manifest lacks a field.
    """

    folder: Path
    size: str
    salt: str = ''

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f'expected a size out of {", ".join(SIZES)}, got {self.size!r}')
        if not self.folder.is_dir():
            raise FileNotFoundError(
                f'expected a directory of recorded numbers, found none at {self.folder.absolute()}'
            )
        path = self.folder / self.size / 'manifest.json'
        if not path.is_file():
            present = [size for size in SIZES if (self.folder / size / 'manifest.json').is_file()]
            raise FileNotFoundError(
                f'expected the list of parameters at {path.absolute()}, found none; sizes in this '
                f'directory: {", ".join(present) or "none"}'
            )
        _check_manifest(self.manifest, path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The list of parameters with their shapes."""
        return load_json(self.folder / self.size / 'manifest.json')

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by canonical official name."""
        return {
            row['key']: tuple(row['shape'])
            for row in self.manifest['keys']
            if row['alias_of'] is None
        }

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """Inputs of the model."""
        inputs = self.arrays(f'{self.size}/inputs.npz')
        if inputs is None:
            path = (self.folder / self.size / 'inputs.npz').absolute()
            raise FileNotFoundError(f'expected the inputs of the model at {path}, found no file')
        self.require(inputs, _INPUTS, f'{self.size}/inputs.npz')
        return inputs

    def body(self) -> SMPL:
        """The body the numbers were recorded with.

        A set names its body in ``summary.body_model`` of the manifest, or brings it as a file.

        Raises:
            FileNotFoundError: the set has no body file and names none.
            ValueError: the set was recorded with another version of the open body.
        """
        path = self.folder / BODY_FILE
        if path.is_file():
            return SMPL(path=path, genders=GENDERS)
        named = self.manifest.get('summary', {}).get('body_model')
        if named is None:
            raise FileNotFoundError(
                f'expected the body of the set at {path.absolute()}, found no file, and the '
                'manifest names none in summary.body_model'
            )
        body = SMPL(genders=GENDERS)
        if body.model_id != named:
            raise ValueError(
                f'{self.folder.absolute()} was recorded with body {named!r}, the open body of this '
                f'package is {body.model_id!r}: record the set anew'
            )
        return body

    def arrays(self, name: str) -> dict[str, np.ndarray] | None:
        """Arrays of an npz file of the set; None where the set has no such file.

        Raises:
            ValueError: the file is damaged or holds objects.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
        except (ValueError, OSError, EOFError, BadZipFile) as error:
            raise ValueError(f'{path.absolute()} is not a readable npz file: {error}') from error

    def content(self, name: str) -> Any:
        """Content of a JSON file of the set; None where the set has no such file."""
        path = self.folder / name
        return load_json(path) if path.is_file() else None

    def require(self, arrays: dict[str, Any], names: tuple[str, ...], file: str) -> None:
        """Raise KeyError unless ``arrays`` has all ``names``."""
        missing = [name for name in names if name not in arrays]
        if missing:
            raise KeyError(
                f'{(self.folder / file).absolute()} lacks {", ".join(missing)}; it has '
                f'{", ".join(list(arrays)[:8])}'
            )


def below(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names start with ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _check_manifest(manifest: Any, path: Path) -> None:
    rows = manifest.get('keys') if isinstance(manifest, dict) else None
    if not isinstance(rows, list) or not rows:
        found = sorted(manifest) if isinstance(manifest, dict) else type(manifest).__name__
        raise ValueError(
            f"{path.absolute()} is no manifest: expected a list 'keys' of parameters, found {found}"
        )
    for number, row in enumerate(rows):
        missing = [key for key in _ROW_KEYS if key not in row]
        if missing:
            raise KeyError(
                f'{path.absolute()}: row {number} lacks {", ".join(missing)}: '
                f'{json.dumps(row)[:120]}'
            )
