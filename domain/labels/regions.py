"""Regions of a tumour, as tasks score them."""

from __future__ import annotations

from collections.abc import Container
from enum import Enum


class Region(str, Enum):
    """A part of the tumour that tasks score; each is a set of tissues of a `LabelConvention`."""

    WT = "WT"
    """Whole tumour."""
    TC = "TC"
    """Tumour core: what is not oedema."""
    ET = "ET"
    """Enhancing tumour."""
    RC = "RC"
    """Resection cavity, which is no part of the whole tumour."""
    CC = "CC"
    """Cystic component."""
    SNFH = "SNFH"
    """Surrounding non-enhancing FLAIR hyperintensity: oedema, infiltration, treatment effect."""
    NETC = "NETC"
    """Non-enhancing tumour core."""
    ED = "ED"
    """Peritumoural oedema."""
    GTV = "GTV"
    """Gross tumour volume of radiotherapy planning."""


NESTED = (Region.WT, Region.TC, Region.ET)
"""The regions that our networks predict, each inside the one before."""
LOCALISED = (Region.WT, Region.GTV)
"""The regions that points, boxes and outlines are scored against: the first that is there."""


def localised_region(regions: Container[Region]) -> Region | None:
    """Name the region that a localisation is scored against; None where none is known."""
    return next((region for region in LOCALISED if region in regions), None)
