"""A sample of a study's voxels, which shows its brain as well as all of them do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid
from gliobench.domain.studies.study import Modality

FEWEST = 5000
"""Voxels of a sample from which tails and shapes are compared: a tenth of a brain's."""
_SAMPLED_MM = 3.0


@dataclass(frozen=True)
class SampledStudy:
    """The volumes of a study, and every n-th voxel of them.

    Args:
        id: The study.
        volumes: (I, J, K) by modality, zero around the brain; any may be absent.
        grid: Theirs, RAS+; more than one axial plane.
    """

    id: str
    volumes: Mapping[Modality, FloatArray]
    grid: Grid

    @cached_property
    def seen(self) -> dict[Modality, FloatArray]:
        """The sampled volumes."""
        return {modality: self.sample(volume) for modality, volume in self.volumes.items()}

    @cached_property
    def brains(self) -> dict[Modality, BoolArray]:
        """Where the sampled volumes are not zero, of those that are large enough."""
        brains = {modality: volume != 0 for modality, volume in self.seen.items()}
        return {name: brain for name, brain in brains.items() if np.count_nonzero(brain) >= FEWEST}

    def sample(self, volume: FloatArray) -> FloatArray:
        """Take every n-th voxel of a volume on the grid, so that they are about 3 mm apart."""
        edges = self.grid.spacing_mm
        step = tuple(slice(None, None, max(1, round(_SAMPLED_MM / mm))) for mm in edges)
        return np.ascontiguousarray(volume[step])
