"""Why a joint can or cannot be seen."""

from enum import IntEnum


class Visibility(IntEnum):
    """Visibility of a joint by cause, as stored in annotations and samples (int8)."""

    VISIBLE = 0
    SELF_OCCLUDED = 1
    OCCLUDED_BY_PERSON = 2
    OCCLUDED_BY_OBJECT = 3
    TRUNCATED = 4
    UNKNOWN = 5
