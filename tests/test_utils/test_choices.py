from typing import Literal

import pytest

from dpmesh_plugin.utils.choices import check_choice

Side = Literal['left', 'right']


def test_a_choice():
    check_choice('side', 'right', Side)
    with pytest.raises(ValueError, match=r"expected side \('left', 'right'\), got 'both'"):
        check_choice('side', 'both', Side)
