"""Input of networks that read single axial slices."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Spacing
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.input import Shape, tumour_regions
from gliobench.domain.studies.study import Modality

SLICE_MODALITIES = (Modality.T1C,)
SLICE_REGIONS = (Region.WT,)
SURE_ENOUGH = 0.4
"""Maximum of the pixel threshold for tumour; chosen from 0.3, 0.4 and 0.5 on the first fold of the cross-validation."""


@dataclass(frozen=True, slots=True)
class SliceGeometry:
    """The whole brain, and a crop around the tumour.

    Args:
        edge_mm: Edge of a pixel.
        shape: Pixels along (i, j), RAS+, that contain a brain, and the one plane.
        crop: Pixels around the tumour, likewise.
    """

    edge_mm: float = 1.5
    shape: Shape = (112, 128, 1)
    crop: Shape = (64, 64, 1)

    @property
    def spacing_mm(self) -> Spacing:
        """Edges of a voxel; the plane's thickness is nominal, see `thick_as`."""
        return (self.edge_mm, self.edge_mm, 1.0)


def is_slice(grid: Grid) -> bool:
    """Return whether a study is one axial plane."""
    return grid.shape[Axis.AXIAL] == 1


def tumour_on_slice(
    probabilities: Float32Array, *, spacing_mm: Spacing, grid: Grid
) -> dict[Region, BoolArray] | None:
    """Convert a slice localizer's output to the whole tumour on a study's grid.

    Args:
        probabilities: (1, I', J', 1) on the network's pixels.
        spacing_mm: Their edges, including the plane's thickness.
        grid: The study's RAS+ grid.

    Returns:
        (I, J, 1) bool by region; None where every probability is zero.
    """
    return tumour_regions(
        probabilities,
        spacing_mm=spacing_mm,
        grid=grid,
        smallest_mm3=0.0,
        threshold=threshold_on_slice(probabilities),
    )


def threshold_on_slice(probabilities: Float32Array) -> float:
    """Choose the threshold of a slice localizer's output.

    Oedema may be hardly visible on one T1c slice. A glioma is known to be present, so there is always
    an answer: the pixels with at least half of the highest probability, or `SURE_ENOUGH` if less.
    """
    return min(SURE_ENOUGH, float(probabilities.max()) / 2)


def thick_as(grid: Grid, spacing_mm: Spacing) -> Spacing:
    """Set the thickness of a network's pixels to that of the study's plane, which is not resampled."""
    return (spacing_mm[0], spacing_mm[1], grid.spacing_mm[Axis.AXIAL])
