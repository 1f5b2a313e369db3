"""The model that the page shows where none is named."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / 'configs' / 'dpmesh_synth_oc_small.py'
CHECKPOINT = ROOT / 'checkpoints' / 'dpmesh_synth_oc_small.pth'


def default_model() -> tuple[Path, Path]:
    """Config and checkpoint of the small model that comes with the repository.

    Raises:
        FileNotFoundError: this checkout has no such files.
    """
    for path in (CONFIG, CHECKPOINT):
        if not path.is_file():
            raise FileNotFoundError(
                f'expected the small model of this repository, found none at {path}; name another '
                'with --config and --checkpoint'
            )
    return CONFIG, CHECKPOINT
