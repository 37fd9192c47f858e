"""The port of everything that draws a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gliobench.domain.geometry.grids import BoolArray, Box3D, Voxel
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Study


class StudyPainter(Protocol):
    """Draws a study with what was found in it.

    Contract:
        - Three planes of the study, upright, the patient's right on the left of the picture.
        - Deterministic: the same arguments give the same bytes.
        - Whatever subset of modalities the study has will do; with none, NotFoundError.
        - A modality that cannot be read is passed over; where none can, what the first raised is.
        - A store that cannot be read raises StoreError.
    """

    def paint(
        self,
        study: Study,
        *,
        centre_vox: Voxel | None,
        regions: Mapping[Region, BoolArray] | None = None,
        box: Box3D | None = None,
        through_vox: Voxel | None = None,
        title: str = "",
    ) -> bytes:
        """Draw the planes through a place as a PNG.

        Args:
            study: What is drawn.
            centre_vox: Where the crosshair stands, on the study's RAS+ grid; None draws none.
            regions: (I, J, K) bool by region, as predicted.
            box: A predicted box.
            through_vox: Where the planes cut, if not at the centre.
            title: One line above the picture.
        """
        ...
