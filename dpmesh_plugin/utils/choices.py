"""Arguments that are one of a few words."""

from typing import Any, get_args


def check_choice(name: str, value: object, choices: Any) -> None:
    """Refuse a value that a ``Literal`` does not have.

    Args:
        name: Of the argument.
        value: What was given.
        choices: The ``Literal``.

    Raises:
        ValueError: it is none of them; the message lists them.
    """
    if value not in get_args(choices):
        raise ValueError(f'expected {name} {get_args(choices)}, got {value!r}')
