"""What was predicted of a study, for objects in an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gliobench.application.predict.study_reading import Place, StudyReading
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis
from gliobench.domain.position.diameters import axial_diameters, longest_diameter_mm
from gliobench.domain.predictions.prediction import GradePrediction, Mask


@dataclass(frozen=True, slots=True)
class ArchivedFindings:
    """A mask, and what is reported beside it.

    Args:
        study_id: The study.
        backend: What predicted it.
        fingerprint: Hash of all that decides its answers.
        mask: With a voxel.
        grade: None where there is none.
        diameters_mm: Longest on an axial slice, and the longest perpendicular to it there.
        longest_mm: In the volume; None for a single slice.

    Raises:
        InvalidInputError: The mask has no voxel.
    """

    study_id: str
    backend: str
    fingerprint: str
    mask: Mask
    grade: GradePrediction | None = None
    diameters_mm: tuple[float, float] | None = None
    longest_mm: float | None = None

    def __post_init__(self) -> None:
        if self.mask.is_empty:
            raise InvalidInputError(f"study {self.study_id}: an empty mask makes no DICOM object")

    @classmethod
    def of_mask(
        cls,
        study_id: str,
        mask: Mask,
        *,
        backend: str,
        fingerprint: str,
        grade: GradePrediction | None = None,
    ) -> Self:
        """Measure a mask; raises InvalidInputError where it has no voxel."""
        found = None if mask.is_empty else axial_diameters(mask.whole, mask.grid)
        is_volume = mask.grid.shape[Axis.AXIAL] > 1
        return cls(
            study_id,
            backend,
            fingerprint,
            mask,
            grade=grade,
            diameters_mm=(found.longest_mm, found.perpendicular_mm) if found else None,
            longest_mm=longest_diameter_mm(mask.whole, mask.grid) if found and is_volume else None,
        )

    @classmethod
    def of_reading(cls, reading: StudyReading) -> Self:
        """Take what a backend answered; raises InvalidInputError where that is no mask with a voxel."""
        if not isinstance(reading.place, Place) or reading.place.mask is None:
            raise InvalidInputError("no mask with a voxel was predicted")
        return cls.of_mask(
            reading.study.id,
            reading.place.mask,
            backend=reading.backend.name,
            fingerprint=reading.backend.fingerprint,
            grade=reading.grade if isinstance(reading.grade, GradePrediction) else None,
        )
