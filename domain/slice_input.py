"""What a study of one axial plane becomes for the networks that read such slices."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.geometry import Axis, Grid, Spacing
from gliobench.domain.network_input import Shape
from gliobench.domain.regions import Region
from gliobench.domain.study import Modality

SLICE_MODALITIES = (Modality.T1C,)
SLICE_REGIONS = (Region.WT,)
SMALLEST_MM2 = 100.0
"""Of what a localizer takes for tumour: a disc of 11 mm. The smallest known has 343 mm²."""


@dataclass(frozen=True, slots=True)
class SliceGeometry:
    """The whole brain, and a crop about the tumour.

    Args:
        edge_mm: Of a pixel.
        shape: Pixels along (i, j), RAS+, that hold a brain, and the one plane.
        crop: Pixels about the tumour, likewise.
    """

    edge_mm: float = 1.5
    shape: Shape = (112, 128, 1)
    crop: Shape = (64, 64, 1)

    @property
    def spacing_mm(self) -> Spacing:
        """Edges of a voxel; the plane's thickness is nominal, see `thick_as`."""
        return (self.edge_mm, self.edge_mm, 1.0)


def is_slice(grid: Grid) -> bool:
    """Tell whether a study is one axial plane."""
    return grid.shape[Axis.AXIAL] == 1


def smallest_mm3(grid: Grid) -> float:
    """Give the volume of the smallest part of a plane that is taken for tumour."""
    return SMALLEST_MM2 * grid.spacing_mm[Axis.AXIAL]


def thick_as(grid: Grid, spacing_mm: Spacing) -> Spacing:
    """Give a network's pixels the thickness of the study's own plane, which is not resampled."""
    return (spacing_mm[0], spacing_mm[1], grid.spacing_mm[Axis.AXIAL])
