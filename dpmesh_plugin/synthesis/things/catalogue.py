"""All builders of things by name.

A builder takes a generator of random numbers and returns a thing of random size and colour.
"""

from collections.abc import Callable

import numpy as np

from dpmesh_plugin.synthesis.meshes import Thing

from . import hanging, indoors, outdoors

Builder = Callable[[np.random.Generator], Thing]


def _by_name(*builders: Builder) -> dict[str, Builder]:
    return {builder.__name__: builder for builder in builders}


STANDING = _by_name(
    indoors.crate,
    indoors.table,
    indoors.chair,
    indoors.armchair,
    indoors.shelf,
    indoors.suitcase,
    indoors.plant,
    indoors.window_bars,
    indoors.low_wall,
    outdoors.pillar,
    outdoors.tree,
    outdoors.hedge,
    outdoors.fence,
    outdoors.board,
    outdoors.bin_or_barrel,
    outdoors.parasol,
    outdoors.bicycle,
)
# Those that hide much of what is behind them.
BULKY = _by_name(
    indoors.crate,
    indoors.armchair,
    indoors.shelf,
    indoors.low_wall,
    outdoors.pillar,
    outdoors.hedge,
    outdoors.board,
)
HANGING = _by_name(hanging.branch, hanging.hanging_sign, hanging.balloon)
CARRIED = _by_name(
    hanging.carried_bag, hanging.carried_umbrella, hanging.carried_box, hanging.phone
)
