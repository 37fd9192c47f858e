"""Studies, references and cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Plane, extent
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.studies.background import on_zero
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.sequences import FLAIR, T1_WEIGHTED, T2_WEIGHTED, SequenceHints

Volume: TypeAlias = NDArray[np.float32]


class Modality(str, Enum):
    """An MRI sequence, one row each: BraTS's name of 2023, then its other names, that of 2020 first.

    Files and tables may use any of these names, in any case. At the end of a row stand names of
    channels in other layouts: BIDS's suffixes and those in a dataset.json, without separators; then how DICOM describes it.
    """

    T1N = (
        *("t1n", "t1"),
        ("t1w", "t1native", "t1pre", "t1precontrast", "t1noncontrast"),
        SequenceHints(T1_WEIGHTED, enhanced=False),
    )
    T1C = (
        *("t1c", "t1ce"),
        (
            *(
                "t1gd",
                "t1gad",
                "t1gado",
                "t1cw",
                "t1wc",
                "t1wce",
                "t1cew",
                "t1wgd",
                "t1gdw",
                "gdt1",
            ),
            *(
                "cet1",
                "cet1w",
                "ct1",
                "ct1w",
                "t1post",
                "t1postcontrast",
                "t1contrast",
                "t1wpostcontrast",
            ),
            *("t1+", "t1+c", "t1+ce", "t1+gd", "t1w+", "t1w+c", "t1w+gd"),
        ),
        SequenceHints(T1_WEIGHTED, enhanced=True),
    )
    T2W = "t2w", "t2", SequenceHints(T2_WEIGHTED)
    T2F = "t2f", "flair", ("t2flair", "flairt2", "t2wflair"), SequenceHints(FLAIR)

    _value_: str
    names: tuple[str, ...]
    channels: tuple[str, ...]
    hints: SequenceHints

    def __new__(cls, *names: str | tuple[str, ...] | SequenceHints) -> Modality:
        """Take the first name as the value."""
        own = tuple(name for name in names if isinstance(name, str))
        modality = str.__new__(cls, own[0])
        modality._value_, modality.names = own[0], own
        modality.channels = tuple(
            channel for name in names if isinstance(name, tuple) for channel in name
        )
        (modality.hints,) = (item for item in names if isinstance(item, SequenceHints))
        return modality

    @property
    def alias(self) -> str:
        """The name that BraTS used until 2020."""
        return self.names[1]

    @classmethod
    def parse(cls, name: str) -> Modality:
        """Read any of its names, in any case.

        Raises:
            InvalidInputError: The name is of no modality.
        """
        for modality in cls:
            if name.lower() in modality.names:
                return modality
        known = ", ".join(f"{m.value} ({', '.join(m.names[1:])})" for m in cls)
        raise InvalidInputError(f"unknown modality {name!r}: wanted one of {known}")

    @classmethod
    def parse_several(cls, given: object) -> object:
        """Read a list of names, or one text of names between spaces or commas; what is neither is itself.

        Raises:
            InvalidInputError: A name is of no modality.
        """
        parts = given.replace(",", " ").split() if isinstance(given, str) else given
        if not isinstance(parts, list | tuple):
            return given
        return tuple(cls.parse(str(getattr(part, "value", part))) for part in parts)

    @classmethod
    def of_channel(cls, name: str) -> Modality | None:
        """Read any of its names or its channels', in any case, with any separators; else None.

        >>> Modality.of_channel("T1-Gd"), Modality.of_channel("T2*")
        (<Modality.T1C: 't1c'>, None)
        """
        key = "".join(letter for letter in name.lower() if letter not in "-_. ")
        return next((row for row in cls if key in row.names + row.channels), None)


ESSENTIAL = (Modality.T1C, Modality.T2F)
"""Modalities of which a study needs one: enhancement and oedema are hardly visible in the others."""


class Grade(str, Enum):
    """How malignant the glioma is; HGG is the positive class."""

    LGG = "LGG"
    HGG = "HGG"


@dataclass(frozen=True, slots=True)
class Origin:
    """A study's patient and acquisition site, known before it is opened.

    Args:
        patient_id: The patient; studies of one patient are always in the same part of a split.
        site: The acquisition site, if known. For audits, never for a model.
    """

    patient_id: str
    site: str | None = None


class SliceChoice(str, Enum):
    """How the plane of a single-plane study was selected."""

    ORACLE = "oracle"
    """With the reference mask, which is not available in deployment."""
    INDEPENDENT = "independent"
    """Without the reference."""
    NOT_STATED = "not stated"
    """Counts as an oracle's, and reports say so until it is stated."""

    @property
    def counts_as_oracle(self) -> bool:
        """Return whether results on the plane are stamped as an oracle's."""
        return self is not SliceChoice.INDEPENDENT


@dataclass(frozen=True, eq=False)
class Study:
    """One imaging visit of one patient: up to four modalities on one RAS+ grid.

    Args:
        id: The study's unique name within its source.
        patient_id: The patient; studies of one patient are always in the same part of a split.
        grid: The RAS+ grid of all volumes.
        volumes: (I, J, K) float32 by modality, as in the files; use `volume` for processing. A source
            may load each on first access, and then raises `InvalidInputError` if the file cannot be
            read.
        native_grid: The grid of the files on disk: `grid` with its axes swapped or flipped.
        site: The acquisition site, if known. For audits, never for a model.
        oracle_plane: A plane selected with the reference; None except for backends that declare
            themselves an oracle.
        slice_choice: How the plane of a single-plane study was selected; None where its source does
            not state it, and for volumes.
        simulated: Whether the study is simulated, according to its source.
        oriented: Whether all files state how their voxels lie; otherwise sides and mm are assumed.
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
    oriented: bool = True
    _shown: dict[Modality, tuple[Volume, Volume]] = field(
        default_factory=dict, init=False, repr=False
    )
    _heads: dict[Modality, tuple[Volume, tuple[slice, ...]]] = field(
        default_factory=dict, init=False, repr=False
    )

    @property
    def file_grid(self) -> Grid:
        """Return the grid of the study's files; the RAS+ grid where there are no files."""
        return self.native_grid or self.grid

    @property
    def absent(self) -> tuple[Modality, ...]:
        """Return the modalities that the study lacks; one whose file cannot be read is there."""
        there = set(self.volumes)  # `in` may read a volume
        return tuple(modality for modality in Modality if modality not in there)

    @property
    def is_simulated(self) -> bool:
        """Return whether the study is simulated, by its source or by its name."""
        return self.simulated or is_phantom(self.patient_id) or is_phantom(self.id)

    @property
    def plane_choice(self) -> SliceChoice | None:
        """Return how the only plane was selected; None for a volume."""
        alone = self.grid.shape[Axis.AXIAL] == 1
        return (self.slice_choice or SliceChoice.NOT_STATED) if alone else None

    def volume(self, modality: Modality) -> Volume:
        """Return one modality's volume, zero around the head and nowhere else: see `on_zero`.

        It cannot be written to: all backends are shown the same.

        Raises:
            NotFoundError: The study lacks the modality.
            InvalidInputError: The file cannot be read, or is not on the study's grid.
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
            shown = on_zero(volume).view()
            shown.flags.writeable = False
            self._shown[modality] = volume, shown
        return shown

    def head(self, modality: Modality) -> tuple[slice, ...]:
        """Return the smallest block outside of which a modality's volume is zero; all, if it is everywhere.

        A head fills a third of a volume, so that its block takes a third of the time.

        Raises:
            FaultError: As `volume`.
        """
        volume = self.volume(modality)
        of, block = self._heads.get(modality, (None, ()))
        if of is not volume:
            seen = np.asarray(volume != 0)
            block = (
                extent(seen) if seen.any() else tuple(slice(0, length) for length in volume.shape)
            )
            self._heads[modality] = volume, block
        return block


@dataclass(frozen=True, eq=False)
class Reference:
    """The expert annotation of a study; either part may be unknown.

    Empty regions mean that there is no tumour. Missing regions mean that the study is not annotated, or
    that the annotation cannot be read, which is a fault.

    Args:
        grade: The grade.
        regions: (I, J, K) bool on the study's RAS+ grid, by region.
        fault: Why an existing part could not be read; the other part is still used.
        note: A remark on how the mask was read.
        grid: The mask's own, where no image can be opened or prepared to give the study's; None otherwise.
    """

    grade: Grade | None = None
    regions: Mapping[Region, BoolArray] = field(default_factory=dict)
    fault: Fault | None = None
    note: Fault | None = None
    grid: Grid | None = None

    @property
    def has_tumour(self) -> bool | None:
        """Return whether there is a tumour; None where unknown."""
        return None if self.tumour is None else bool(self.tumour.any())

    @property
    def tumour(self) -> BoolArray | None:
        """(I, J, K) bool, the region against which localisations are scored; None if unknown."""
        region = localised_region(self.regions)
        return None if region is None else self.regions[region]


@dataclass(frozen=True, eq=False)
class Case:
    """A study with its reference."""

    study: Study
    reference: Reference
