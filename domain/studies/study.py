"""What is read, and what it is held against: studies, references and cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Plane
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.studies.background import on_zero
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.patients import is_phantom

Volume: TypeAlias = NDArray[np.float32]


class Modality(str, Enum):
    """An MRI sequence, by BraTS's name of 2023; the name of 2020 is its alias."""

    T1N = "t1n"
    T1C = "t1c"
    T2W = "t2w"
    T2F = "t2f"

    @property
    def alias(self) -> str:
        """The name that BraTS used up to 2020."""
        return {"t1n": "t1", "t1c": "t1ce", "t2w": "t2", "t2f": "flair"}[self.value]

    @classmethod
    def parse(cls, name: str) -> Modality:
        """Read either generation's name, in any case.

        Raises:
            InvalidInputError: The name is of no modality.
        """
        for modality in cls:
            if name.lower() in (modality.value, modality.alias):
                return modality
        known = ", ".join(f"{m.value} ({m.alias})" for m in cls)
        raise InvalidInputError(f"unknown modality {name!r}: wanted one of {known}")


class Grade(str, Enum):
    """How malignant the glioma is; HGG is the positive class."""

    LGG = "LGG"
    HGG = "HGG"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose study it is, and where it was scanned: known before it is opened.

    Args:
        patient_id: Names the patient; studies of one patient never part in a split.
        site: Where it was scanned, if known. For audits, never for a model.
    """

    patient_id: str
    site: str | None = None


class SliceChoice(str, Enum):
    """How the plane of a study of one plane was chosen."""

    ORACLE = "oracle"
    """With the reference mask, which a deployed model does not have."""
    INDEPENDENT = "independent"
    """Without the reference."""
    NOT_STATED = "not stated"
    """It counts as an oracle's: reports say so until it is stated."""

    @property
    def counts_as_oracle(self) -> bool:
        """Tell whether results on the plane are stamped as an oracle's."""
        return self is not SliceChoice.INDEPENDENT


@dataclass(frozen=True, eq=False)
class Study:
    """One imaging visit of one patient: up to four modalities on one RAS+ grid.

    Args:
        id: Names the study within its source.
        patient_id: Names the patient; studies of one patient never part in a split.
        grid: The RAS+ grid that every volume lies on.
        volumes: (I, J, K) float32 by modality, as the files hold them: `volume` gives what is to be
            looked at. A source may load each on first access, and then raises `InvalidInputError`
            where the file cannot be read.
        native_grid: The grid of the files on disk: `grid` with its axes swapped or flipped.
        site: Where it was scanned, if known. For audits, never for a model.
        oracle_plane: A plane that was chosen with the reference; None for every backend that does
            not declare itself an oracle.
        slice_choice: How the plane of a study of one plane was chosen; None where its source does
            not say, and for volumes.
        simulated: Whether its source knows that no patient was imaged.
    """

    id: str
    patient_id: str
    grid: Grid
    volumes: Mapping[Modality, Volume]
    native_grid: Grid | None = None
    site: str | None = None
    oracle_plane: Plane | None = None
    slice_choice: SliceChoice | None = None
    simulated: bool = False
    _shown: dict[Modality, tuple[Volume, Volume]] = field(
        default_factory=dict, init=False, repr=False
    )

    @property
    def is_simulated(self) -> bool:
        """Tell whether no patient was imaged, by its source or by its name."""
        return self.simulated or is_phantom(self.patient_id) or is_phantom(self.id)

    @property
    def plane_choice(self) -> SliceChoice | None:
        """Tell how the only plane was chosen; None for a volume."""
        alone = self.grid.shape[Axis.AXIAL] == 1
        return (self.slice_choice or SliceChoice.NOT_STATED) if alone else None

    def volume(self, modality: Modality) -> Volume:
        """Give one modality's volume, zero about the head and nowhere else: see `on_zero`.

        Raises:
            NotFoundError: The study lacks the modality.
            InvalidInputError: The file cannot be read, or does not lie on the study's grid.
        """
        if modality not in self.volumes:
            raise NotFoundError(f"study {self.id} has no {modality.value} ({modality.alias})")
        volume = self.volumes[modality]
        if volume.shape != self.grid.shape:
            raise InvalidInputError(
                f"study {self.id}: {modality.value} has shape {volume.shape}, the grid {self.grid.shape}"
            )
        held, shown = self._shown.get(modality, (None, volume))
        if held is not volume:
            shown = on_zero(volume)
            self._shown[modality] = volume, shown
        return shown


@dataclass(frozen=True, eq=False)
class Reference:
    """What the experts say of a study; either part may be unknown.

    Regions without a voxel say that there is no tumour; no regions say that nobody has drawn one,
    or that what was drawn cannot be read, which is a fault.

    Args:
        grade: The graded malignancy.
        regions: (I, J, K) bool on the study's RAS+ grid, by region.
        fault: Why a part is unknown that is there; the other part stands all the same.
        note: How the mask was read, where that is worth knowing.
    """

    grade: Grade | None = None
    regions: Mapping[Region, BoolArray] = field(default_factory=dict)
    fault: Fault | None = None
    note: Fault | None = None

    @property
    def has_tumour(self) -> bool | None:
        """Tell whether there is a tumour; None where that is unknown."""
        return None if self.tumour is None else bool(self.tumour.any())

    @property
    def tumour(self) -> BoolArray | None:
        """(I, J, K) bool, the region that localisations are scored against; None if not known."""
        region = localised_region(self.regions)
        return None if region is None else self.regions[region]


@dataclass(frozen=True, eq=False)
class Case:
    """A study with its reference."""

    study: Study
    reference: Reference
