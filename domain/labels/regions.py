"""Regions of a tumour, as tasks score them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


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


REGION_TITLES: Mapping[Region, str] = {
    Region.WT: "whole tumour",
    Region.TC: "tumour core",
    Region.ET: "enhancing tumour",
    Region.RC: "resection cavity",
    Region.CC: "cystic component",
    Region.SNFH: "surrounding non-enhancing FLAIR hyperintensity",
    Region.NETC: "non-enhancing tumour core",
    Region.ED: "oedema",
    Region.GTV: "gross tumour volume",
}
"""Descriptions of the regions."""
NESTED = (Region.WT, Region.TC, Region.ET)
"""The regions that the included networks predict, from outer to inner."""
LOCALISED = (Region.WT, Region.GTV)
"""The regions against which points, boxes and polygons are scored: the first one present."""


def nested(regions: Mapping[Region, T]) -> dict[Region, T]:
    """Select the nested regions, the outermost first."""
    return {region: regions[region] for region in (Region.GTV, *NESTED) if region in regions}


def localised_region(regions: Container[Region]) -> Region | None:
    """Return the region against which a localisation is scored; None where none is known."""
    return next((region for region in LOCALISED if region in regions), None)
