"""Plausible extents of head scans, checked before voxels are read."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid

# From microscopy of post-mortem brains to a localizer's slices; scanner bores are 600 mm wide.
FINEST_MM = 0.05
COARSEST_MM = 20.0
LONGEST_MM = 600.0
SHEAR = 0.01
"""Largest cosine between two axes; distances by edges alone are then at most 1 % off, volumes 0.02 %."""


def check_extent(grid: Grid) -> None:
    """Check that a grid has the size of a head; resampling cost depends on its millimetres.

    Raises:
        InvalidInputError: A voxel edge or an axis has an implausible length, or two axes are not
            perpendicular.
    """
    for edge, length in zip(grid.spacing_mm, grid.shape, strict=True):
        if not FINEST_MM <= edge <= COARSEST_MM or edge * length > LONGEST_MM:
            raise InvalidInputError(
                f"{length} voxels of {edge:g} mm along an axis: wanted edges of {FINEST_MM:g} to "
                f"{COARSEST_MM:g} mm, and {LONGEST_MM:g} mm in all"
            )
    directions = grid.affine[:3, :3] / grid.spacing_mm
    for one, other in combinations(range(3), 2):
        cosine = abs(float(directions[:, one] @ directions[:, other]))
        if cosine > SHEAR:
            raise InvalidInputError(
                f"a sheared grid, axes {'ijk'[one]} and {'ijk'[other]} at "
                f"{np.degrees(np.arccos(cosine)):.3g} degrees: wanted right angles, so resample it"
            )
