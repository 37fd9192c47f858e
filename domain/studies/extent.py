"""How large a scan of a head can be: what says otherwise is refused before its voxels are read."""

from __future__ import annotations

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid

# From microscopy of dead brains to a scout's slices; scanners are 600 mm wide inside.
FINEST_MM = 0.05
COARSEST_MM = 20.0
LONGEST_MM = 600.0


def check_extent(grid: Grid) -> None:
    """See that a grid is the size of a head: networks resample to millimetres, whatever that costs.

    Raises:
        InvalidInputError: A voxel's edge or an axis is of a length that no scan of a head has.
    """
    for edge, length in zip(grid.spacing_mm, grid.shape, strict=True):
        if not FINEST_MM <= edge <= COARSEST_MM or edge * length > LONGEST_MM:
            raise InvalidInputError(
                f"{length} voxels of {edge:g} mm along an axis: wanted edges of {FINEST_MM:g} to "
                f"{COARSEST_MM:g} mm, and {LONGEST_MM:g} mm in all"
            )
