"""Unpickling without running code: an allow-list, and inert stand-ins for classes not needed.

A pickle names the callables that rebuild its objects. Only those on the list are called; objects of
some known libraries become :class:`Inert`, which keeps their state and does nothing; any other
name is refused. What is not imported cannot run.
"""

import _codecs
import copyreg
import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
from numpy._core import multiarray, numeric

# Python 2 wrote these modules under other names; the pickles in question are that old.
_PYTHON2 = {'__builtin__': 'builtins', 'copy_reg': 'copyreg'}


# Plain containers and NumPy arrays, under the module names of NumPy 1 and 2.
PLAIN = {
    'collections.OrderedDict': OrderedDict,
    'collections.defaultdict': defaultdict,
    'copyreg._reconstructor': copyreg._reconstructor,
    '_codecs.encode': _codecs.encode,
    'numpy.dtype': np.dtype,
    'numpy.ndarray': np.ndarray,
}
PLAIN |= {
    f'builtins.{kind.__name__}': kind
    for kind in (object, bool, int, float, str, tuple, list, dict, set)
}
PLAIN |= {
    f'numpy.{core}.{module.__name__.split(".")[-1]}.{name}': getattr(module, name)
    for core in ('core', '_core')
    for module, name in (
        (multiarray, '_reconstruct'),
        (multiarray, 'scalar'),
        (numeric, '_frombuffer'),
    )
}


class Inert:
    """Stands for an object of a class that is not imported: its name and its state."""

    path: str = ''
    state: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take any arguments and drop them."""

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {'state': state}

    def drop(self, *items: Any) -> None:
        """Drop what a container of that class would hold."""

    __setitem__ = append = extend = drop


class ForbiddenNameError(pickle.UnpicklingError):
    """A pickle asks for something that is not on the allow-list."""


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickler that resolves names by a table.

    Args:
        file: Where to read.
        allowed: ``'module.name'`` -> what to use.
        inert: Modules, with all below them, whose objects become :class:`Inert`.
        kwargs: Options of :class:`pickle.Unpickler`.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        allowed: Mapping[str, Any],
        inert: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(file, **kwargs)
        self.allowed = allowed
        self.inert = inert

    def find_class(self, module: str, name: str) -> Any:
        """Look up a name, or refuse it."""
        path = f'{_PYTHON2.get(module, module)}.{name}'
        if path in self.allowed:
            return self.allowed[path]
        if any(path.startswith(f'{root}.') for root in self.inert):
            return type(name, (Inert,), {'path': path})
        raise ForbiddenNameError(path)


def pickle_module(allowed: Mapping[str, Any], inert: Iterable[str]) -> SimpleNamespace:
    """What ``torch.load`` takes as ``pickle_module``, restricted."""
    roots = tuple(inert)

    class Unpickler(RestrictedUnpickler):
        def __init__(self, file: BinaryIO, **kwargs: Any) -> None:
            super().__init__(file, allowed=allowed, inert=roots, **kwargs)

    def load(file: BinaryIO, **kwargs: Any) -> Any:
        return Unpickler(file, **kwargs).load()

    return SimpleNamespace(Unpickler=Unpickler, load=load, __name__=__name__)


def reading(path: Path, kind: str, read: Callable[[], Any]) -> Any:
    """Call ``read`` and turn what a bad file raises into an error that names it.

    Args:
        path: The file.
        kind: What was expected of it, for the message.
        read: Reads it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: damaged or foreign file, or a name that is not on the allow-list.
    """
    if not path.is_file():
        raise FileNotFoundError(f'expected {kind}, found no file at {path.absolute()}')
    try:
        return read()
    except ForbiddenNameError as error:
        raise ValueError(
            f'{path.absolute()} asks for {error}, which could run code; {kind} holds nothing of '
            'that kind. Nothing was run. Get the file from its publisher'
        ) from error
    except OSError:
        raise
    except Exception as error:  # a damaged file breaks the parsers in any way
        raise ValueError(
            f'{path.absolute()} ({path.stat().st_size} bytes) is not readable as {kind}: '
            f'truncated, damaged or of another kind ({type(error).__name__}: {str(error)[:160]})'
        ) from error
