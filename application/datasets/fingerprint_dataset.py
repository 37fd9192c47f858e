"""Describe a dataset in a page: what is in it, from where, and how it was scanned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gliobench.application.datasets.dataset_labels import Track
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import Spacing
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.cohort import UNREADABLE, cohort_fingerprint
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.patients import assumptions
from gliobench.domain.studies.study import Grade, Modality, Reference, Study

Shape = tuple[int, int, int]
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a number spreads over studies.

    Args:
        n: Studies that have it.
        smallest: The least.
        quartiles: 25th, 50th and 75th percentile, interpolated.
        largest: The most.
    """

    n: int
    smallest: float
    quartiles: tuple[float, float, float]
    largest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Distribution | None:
        """Sum up some numbers; None where there are none."""
        numbers = np.array(list(values), dtype=np.float64)
        if not numbers.size:
            return None
        smallest, low, middle, high, largest = np.percentile(numbers, (0, 25, 50, 75, 100)).tolist()
        return cls(numbers.size, smallest, (low, middle, high), largest)


@dataclass(frozen=True)
class Fingerprint:
    """A dataset in a page.

    Args:
        hash: Of all studies' ids and contents, as in the manifest of a run over them.
        n_studies: All of them.
        n_patients: Patients of all of them.
        prevalence_hgg: Share of HGG among the graded; None where none is graded.
        grades_by_site: Studies by site, then by grade; None is unknown.
        shapes: Studies by RAS+ shape.
        spacings_mm: Studies by RAS+ spacing, to a thousandth of a millimetre.
        intensities: 99th percentile of the voxels that are not zero, by modality.
        absent: Studies that lack a modality, by modality; those that none lacks are left out.
        n_with_tumour: Studies whose reference mask shows a tumour.
        n_without_tumour: Those whose reference mask shows that there is none.
        n_unannotated: Those without a reference mask.
        volumes_mm3: Tumour volume by region, in studies whose reference shows the region.
        unreadable: Why a study is not described, by its id.
        unreadable_references: Why a part of a reference is not described, by the study's id.
        noted_references: How a reference was read, where that is worth knowing, likewise.
        assumptions: What was assumed about whose studies are whose, a sentence each.
        n_simulated: Phantoms among the described studies.
    """

    hash: str
    n_studies: int
    n_patients: int
    prevalence_hgg: float | None
    grades_by_site: Mapping[str | None, Mapping[Grade | None, int]]
    shapes: Mapping[Shape, int]
    spacings_mm: Mapping[Spacing, int]
    intensities: Mapping[Modality, Distribution]
    absent: Mapping[Modality, int]
    n_with_tumour: int
    n_without_tumour: int
    n_unannotated: int
    volumes_mm3: Mapping[Region, Distribution]
    unreadable: Mapping[str, str]
    unreadable_references: Mapping[str, str]
    noted_references: Mapping[str, str]
    assumptions: tuple[str, ...] = ()
    n_simulated: int = 0


def fingerprint_dataset(source: StudySource, *, track: Track = iter) -> Fingerprint:
    """Read every study once, one in memory at a time, and describe them together.

    Raises:
        StoreError: The source cannot be read now: no study is at fault.
    """
    hashes: dict[str, str] = {}
    described: list[_Description] = []
    unreadable: dict[str, str] = {}
    for study_id in track(source.study_ids()):
        hashes[study_id] = UNREADABLE
        try:
            hashes[study_id] = source.content_hash(study_id)
            study = source.study(study_id)
            described.append(
                _describe(study, read_reference(source, study_id), source.modalities())
            )
        except FaultError as error:
            unreadable[study_id] = str(error)
    patients = {item: source.origin(item).patient_id for item in hashes}
    return _fingerprint(cohort_fingerprint(hashes), patients, described, unreadable)


@dataclass(frozen=True, slots=True)
class _Description:
    """One study in a few numbers."""

    grade: Grade | None
    site: str | None
    shape: Shape
    spacing_mm: Spacing
    intensities: Mapping[Modality, float]
    absent: tuple[Modality, ...]
    volumes_mm3: Mapping[Region, float]
    has_tumour: bool | None
    fault: Fault | None
    note: Fault | None
    simulated: bool


def _describe(study: Study, reference: Reference, modalities: Sequence[Modality]) -> _Description:
    i, j, k = (round(edge, 3) for edge in study.grid.spacing_mm)
    voxel_mm3 = study.grid.voxel_volume_mm3
    return _Description(
        grade=reference.grade,
        site=study.site,
        shape=study.grid.shape,
        spacing_mm=(i, j, k),
        intensities={m: value for m in study.volumes if (value := _ceiling(study, m)) is not None},
        absent=tuple(modality for modality in study.absent if modality in modalities),
        volumes_mm3={
            region: int(voxels.sum()) * voxel_mm3
            for region, voxels in reference.regions.items()
            if voxels.any()
        },
        has_tumour=reference.has_tumour,
        fault=reference.fault,
        note=reference.note,
        simulated=study.is_simulated,
    )


def _ceiling(study: Study, modality: Modality) -> float | None:
    """Return the 99th percentile inside the head; None where all is zero."""
    volume = study.volume(modality)
    inside = volume[volume != 0]
    return float(np.percentile(inside, 99)) if inside.size else None


def _fingerprint(
    cohort: str,
    patients: Mapping[str, str],
    described: list[_Description],
    unreadable: Mapping[str, str],
) -> Fingerprint:
    graded = [item.grade for item in described if item.grade is not None]
    tumours = Counter(item.has_tumour for item in described if item.fault is None)
    faults = [item.fault for item in described if item.fault is not None]
    return Fingerprint(
        hash=cohort,
        n_studies=len(described) + len(unreadable),
        n_patients=len(set(patients.values())),
        prevalence_hgg=graded.count(Grade.HGG) / len(graded) if graded else None,
        grades_by_site=_grades_by_site(described),
        shapes=Counter(item.shape for item in described),
        spacings_mm=Counter(item.spacing_mm for item in described),
        intensities=_spread(Modality, [item.intensities for item in described]),
        absent={
            modality: n
            for modality in Modality
            if (n := sum(modality in item.absent for item in described))
        },
        n_with_tumour=tumours[True],
        n_without_tumour=tumours[False],
        n_unannotated=tumours[None],
        volumes_mm3=_spread(Region, [item.volumes_mm3 for item in described]),
        unreadable=unreadable,
        unreadable_references={fault.study_id: fault.sentence for fault in faults},
        noted_references={
            item.note.study_id: item.note.sentence for item in described if item.note
        },
        assumptions=tuple(assumptions(patients)),
        n_simulated=sum(item.simulated for item in described),
    )


def _grades_by_site(described: list[_Description]) -> dict[str | None, dict[Grade | None, int]]:
    table: dict[str | None, dict[Grade | None, int]] = {}
    for item in described:
        row = table.setdefault(item.site, {})
        row[item.grade] = row.get(item.grade, 0) + 1
    return table


def _spread(kinds: Iterable[K], studies: list[Mapping[K, float]]) -> dict[K, Distribution]:
    spread = {
        kind: Distribution.of(study[kind] for study in studies if kind in study) for kind in kinds
    }
    return {kind: distribution for kind, distribution in spread.items() if distribution}
