"""The result file of a stress test, whole after every sweep."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.io import dump_json, load_json

VERSION = 1


class Report:
    """Results so far, on disk.

    A file of the same test is gone on with; one of another test is refused.

    Args:
        path: JSON file.
        settings: What must be the same for two results to belong to one test.
        overwrite: Begin anew whatever is there.

    Raises:
        ValueError: the file is of another test, or no result of a stress test.
    """

    def __init__(
        self, path: str | Path, settings: Mapping[str, Any], *, overwrite: bool = False
    ) -> None:
        self.path = Path(path)
        self.content: dict[str, Any] = {'version': VERSION, 'settings': dict(settings)}
        if self.path.exists() and not overwrite:
            found = load_json(self.path)
            self._check(found, settings)
            self.content = found

    def __contains__(self, place: tuple[str, ...]) -> bool:
        return self.get(*place) is not None

    def get(self, *place: str) -> Any:
        """What stands at a place, None where nothing does."""
        node: Any = self.content
        for key in place:
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def put(self, value: Any, *place: str) -> None:
        """Store a value and write the file, in one step."""
        node = self.content
        for key in place[:-1]:
            node = node.setdefault(key, {})
        node[place[-1]] = value
        dump_json(self.content, self.path)

    def _check(self, found: Any, settings: Mapping[str, Any]) -> None:
        old = found.get('settings') if isinstance(found, dict) else None
        if not isinstance(old, dict) or found.get('version') != VERSION:
            raise ValueError(
                f'{self.path.absolute()} is no result of a stress test of version {VERSION}; give '
                'another --out, or --overwrite'
            )
        different = [key for key in {**old, **settings} if old.get(key) != settings.get(key)]
        if different:
            listed = '; '.join(
                f'{k}: {old.get(k)} there, {settings.get(k)} here' for k in different
            )
            raise ValueError(
                f'{self.path.absolute()} holds another test ({listed}); give another --out, or '
                '--overwrite'
            )
