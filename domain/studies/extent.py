"""Plausible extents of head scans, checked before voxels are read."""

from __future__ import annotations

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid

# From microscopy of post-mortem brains to a localizer's slices; scanner bores are 600 mm wide.
FINEST_MM = 0.05
COARSEST_MM = 20.0
LONGEST_MM = 600.0


def check_extent(grid: Grid) -> None:
    """Check that a grid has the size of a head; resampling cost depends on its millimetres.

    Raises:
        InvalidInputError: A voxel edge or an axis has an implausible length.
    """
    for edge, length in zip(grid.spacing_mm, grid.shape, strict=True):
        if not FINEST_MM <= edge <= COARSEST_MM or edge * length > LONGEST_MM:
            raise InvalidInputError(
                f"{length} voxels of {edge:g} mm along an axis: wanted edges of {FINEST_MM:g} to "
                f"{COARSEST_MM:g} mm, and {LONGEST_MM:g} mm in all"
            )
