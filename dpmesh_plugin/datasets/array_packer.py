"""Dicts of small arrays as few bytes.

Pickling an array costs about as much as pickling a kilobyte, and an annotation has a dozen of them.
"""

from typing import Any

import numpy as np

Layout = tuple[tuple[tuple[str, ...], np.dtype, tuple[int, ...]], ...]


class ArrayPacker:
    """Joins the arrays of a dict, and of dicts in it, into one block of bytes.

    The names, types and shapes are kept here, once for all dicts that share them.
    """

    KEY = 'arrays'

    def __init__(self) -> None:
        self._layouts: list[Layout] = []
        self._numbers: dict[Layout, int] = {}

    def pack(self, values: dict[str, Any]) -> dict[str, Any]:
        """A dict without arrays that says the same."""
        rest, layout, blocks = {}, [], []
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                layout.append(((name,), value.dtype, value.shape))
                blocks.append(value.tobytes())
            elif isinstance(value, dict):
                for key, array in value.items():
                    if not isinstance(array, np.ndarray):
                        raise TypeError(
                            f'expected arrays in {name!r}, got {type(array)} at {key!r}'
                        )
                    layout.append(((name, key), array.dtype, array.shape))
                    blocks.append(array.tobytes())
            else:
                rest[name] = value
        number = self._numbers.setdefault(key := tuple(layout), len(self._layouts))
        if number == len(self._layouts):
            self._layouts.append(key)
        return rest | {self.KEY: (number, b''.join(blocks))}

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """The dict that was packed; its arrays may be written to."""
        values = {name: value for name, value in packed.items() if name != self.KEY}
        number, block = packed[self.KEY]
        memory, start = bytearray(block), 0
        for path, dtype, shape in self._layouts[number]:
            array = np.ndarray(shape, dtype, memory, start)
            start += array.nbytes
            holder = values if len(path) == 1 else values.setdefault(path[0], {})
            holder[path[-1]] = array
        return values
