"""The container of binary glTF 2.0: accessors over one buffer, and a JSON that describes them."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.utils.io import atomic_write

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963

_COMPONENTS = {'uint8': 5121, 'uint16': 5123, 'uint32': 5125, 'float32': 5126}
_KINDS = {(): 'SCALAR', (3,): 'VEC3', (4,): 'VEC4', (4, 4): 'MAT4'}


class GLBFile:
    """Collects the parts of a glTF asset and writes them as one file.

    Args:
        asset: Facts about the whole, beside the version.

    Attributes:
        content: The JSON.

    Source: glTF 2.0 specification, The Khronos Group.
    """

    def __init__(self, asset: dict[str, Any]) -> None:
        self.content: dict[str, Any] = {'asset': {'version': '2.0', **asset}}
        self._blob = bytearray()

    def add(self, kind: str, **entry: Any) -> int:
        """Add an entry to the list ``kind`` ('nodes', 'meshes', ...); its index."""
        entries = self.content.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def add_array(
        self, array: np.ndarray, *, target: int | None = None, bounds: bool = False
    ) -> int:
        """Add an array as an accessor.

        Args:
            array: (N,), (N, 3), (N, 4) or (N, 4, 4), the matrices row by row.
            target: What a graphics card uses it for; None for animations.
            bounds: Whether to state the smallest and largest values, as positions and times need.

        Returns:
            Index of the accessor.
        """
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        columns = array.swapaxes(1, 2) if array.ndim == 3 else array  # glTF stores column by column
        data = np.ascontiguousarray(columns).tobytes()
        view = {'buffer': 0, 'byteOffset': len(self._blob), 'byteLength': len(data)}
        if target is not None:
            view['target'] = target
        self._blob += data + bytes(-len(data) % 4)
        accessor = {
            'bufferView': self.add('bufferViews', **view),
            'componentType': _COMPONENTS[array.dtype.name],
            'count': len(array),
            'type': _KINDS[array.shape[1:]],
        }
        if bounds:
            flat = array.reshape(len(array), -1)
            accessor |= {'min': flat.min(0).tolist(), 'max': flat.max(0).tolist()}
        return self.add('accessors', **accessor)

    def animate(
        self, node: int, path: str, seconds: int, values: np.ndarray, *, step: bool = False
    ) -> None:
        """Add keyframes to the one animation of the file.

        One, because most viewers play one at a time, and the persons move together.

        Args:
            node: The node that moves.
            path: What changes: translation, rotation, scale or weights.
            seconds: Accessor of the times.
            values: One row per time.
            step: Whether a value holds until the next, instead of changing evenly.
        """
        if 'animations' not in self.content:
            self.add('animations', channels=[], samplers=[])
        (animation,) = self.content['animations']
        sampler = {
            'input': seconds,
            'output': self.add_array(values),
            'interpolation': 'STEP' if step else 'LINEAR',
        }
        target = {'node': node, 'path': path}
        animation['channels'].append({'sampler': len(animation['samplers']), 'target': target})
        animation['samplers'].append(sampler)

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all."""
        self.content['buffers'] = [{'byteLength': len(self._blob)}]
        text = json.dumps(self.content, allow_nan=False, separators=(',', ':')).encode()
        text += b' ' * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self._blob)
        with atomic_write(path) as temporary, open(temporary, 'wb') as file:
            file.write(struct.pack('<4sII', b'glTF', 2, size))
            file.write(struct.pack('<I4s', len(text), b'JSON') + text)
            file.write(struct.pack('<I4s', len(self._blob), b'BIN\0') + self._blob)
