"""Files that are either whole or absent."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

try:
    import orjson  # three times as fast as json on an annotation file
except ImportError:
    orjson = None


@contextmanager
def atomic_write(path: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block succeeds.

    If the block raises, the temporary file is removed and an older ``path`` stays as it was.

    Args:
        path: Destination. Missing parent folders are created.
        durable: Wait until the storage holds the file: it then outlives a loss of power, too.

    Yields:
        A path in the same folder, with the same suffix, to be written by the caller.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.stem}-', suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if durable:
            replace_durably(temporary, path)
        else:
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_durably(source: str | Path, destination: str | Path) -> None:
    """Put a file in the place of another one, once the storage holds its bytes.

    Whatever happens, ``destination`` is the whole old file or the whole new one. Folders, which
    cannot replace each other, change places: for a moment the old one has a hidden name.

    Args:
        source: Written and closed file, or folder, on the same file system.
        destination: What to replace; need not exist.
    """
    source, destination = Path(source), Path(destination)
    if source.is_dir():
        older = destination.with_name(f'.older-{source.name}')
        if destination.exists():
            destination.rename(older)
        source.rename(destination)
        remove_path(older)
        return
    _flush(source)
    os.replace(source, destination)
    _flush(destination.parent)


def remove_path(path: str | Path) -> None:
    """Remove a file or a folder, or nothing where there is none."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: str | Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def dump_json(content: Any, path: str | Path, *, indent: int | None = 2) -> None:
    """Write ``content`` as JSON, atomically. NaN and infinity are refused with ValueError."""
    with atomic_write(path) as temporary, open(temporary, 'w', encoding='utf-8') as file:
        json.dump(content, file, indent=indent, allow_nan=False)
        file.write('\n')


def load_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: ``path`` does not exist; the message gives the absolute path.
        ValueError: the file is not JSON; the message gives line and column.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected a JSON file, found none at {path.absolute()}')
    content = path.read_bytes()
    if orjson is not None:
        # What it refuses and Python's own parser takes, such as NaN, is left to that.
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(content)
    try:
        return json.loads(content.decode('utf-8'))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f'{path.absolute()} is not valid JSON: {error}') from error
