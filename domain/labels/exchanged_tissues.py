"""Predicted tissues that lie where the references have another one: labels in another order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.regions import Region

Regions: TypeAlias = Mapping[Region, BoolArray]
PROBED = 5
"""Studies that are looked at: an order of labels is that of all masks."""
SHARE = 0.5
"""Of each predicted tissue that lies in the other one where labels are exchanged, as it would in its own."""
EXCHANGED = (
    "oedema lies where the references have core without enhancement, and that core where they have oedema, "
    "as if their labels were in nnU-Net's order"
)
"""What that means, in a sentence."""


def are_exchanged(pairs: Iterable[tuple[Regions, Regions]]) -> bool:
    """Return whether oedema and the core without enhancement have exchanged their labels.

    The whole tumour and the enhancing one do not show it: they are the same in either order.

    Args:
        pairs: Regions of a prediction and of its reference, on one grid; those without whole tumour, core
            and enhancing tumour are left out.
    """
    edema = core = edema_in_core = core_in_edema = 0
    for predicted, reference in pairs:
        if {Region.WT, Region.TC, Region.ET} <= predicted.keys() & reference.keys():
            (own_edema, own_core), (true_edema, true_core) = map(_tissues, (predicted, reference))
            edema, core = edema + _size(own_edema), core + _size(own_core)
            edema_in_core += _size(own_edema & true_core)
            core_in_edema += _size(own_core & true_edema)
    return edema_in_core > SHARE * edema and core_in_edema > SHARE * core


def _tissues(regions: Regions) -> tuple[BoolArray, BoolArray]:
    core = regions[Region.TC]
    return regions[Region.WT] & ~core, core & ~regions[Region.ET]


def _size(tissue: BoolArray) -> int:
    return int(np.count_nonzero(tissue))
