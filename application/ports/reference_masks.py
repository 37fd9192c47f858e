"""The port of the experts' masks where there is no dataset about them: a folder of label maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Study


@dataclass(frozen=True, eq=False)
class ReferenceMask:
    """One study's mask.

    Args:
        study: Its name and grid, without an image.
        regions: (I, J, K) bool by region; they may be empty.
        is_whole: Whether the grid is that of the images, so that voxels beside masks can be counted.
    """

    study: Study
    regions: Mapping[Region, BoolArray]
    is_whole: bool = True


class ReferenceMasks(Protocol):
    """Reads masks of studies.

    Contract:
        - A mask that cannot be read raises FaultError in one line that names it.
    """

    @property
    def convention(self) -> LabelConvention:
        """What their labels mean."""
        ...

    def study_ids(self) -> Sequence[str]:
        """Name the studies, sorted."""
        ...

    def read(self, study_id: str) -> ReferenceMask:
        """Read one mask."""
        ...
