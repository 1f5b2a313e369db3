"""The sequence files of 3DPW: pickles of plain arrays."""

from pathlib import Path
from typing import Any

from dpmesh_plugin.converters.restricted_pickle import PLAIN, RestrictedUnpickler, reading


def read_sequence(path: Path) -> dict[str, Any]:
    """Unpickle a sequence file without running code.

    Raises:
        ValueError: it is damaged, asks for code, or lacks a field.
    """

    def read() -> dict[str, Any]:
        with path.open('rb') as file:
            return RestrictedUnpickler(file, allowed=PLAIN, inert=(), encoding='latin1').load()

    sequence = reading(path, 'a 3DPW sequence file', read)
    needed = [
        'sequence',
        'poses',
        'trans',
        'betas',
        'genders',
        'poses2d',
        'jointPositions',
        'cam_poses',
        'cam_intrinsics',
        'campose_valid',
    ]
    missing = [key for key in needed if key not in sequence]
    if missing:
        raise ValueError(f'{path.absolute()} has no {", ".join(missing)}; is it a 3DPW sequence?')
    return sequence
