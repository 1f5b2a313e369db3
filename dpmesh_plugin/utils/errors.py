"""Errors as words for the user."""


def error_words(error: Exception) -> str:
    """The message of an error, without the quotes that a KeyError puts around it."""
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)
