"""Studies in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import final

import numpy as np

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError, NotFoundError
from gliobench.domain.geometry.grids import Box3D, Grid
from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.study import Case, Grade, Modality, Origin, Reference, Study

TUMOUR = Box3D(start=(3, 4, 2), stop=(8, 9, 6))


@final
class FakeStudySource(StudySource):
    """Gives the cases that it was made of.

    Args:
        cases: Studies with their references.
        unreadable: What opening a study raises, by its id; needs no case.
        notes: What `notes` gives, by study id.
        patients: Whose an unreadable study is, by its id; the study's own id where it is not there.
        integers: What `mask_integers` gives or raises, by study id.
        labels: The convention that the source declares.
    """

    def __init__(
        self,
        cases: Iterable[Case] = (),
        *,
        unreadable: Mapping[str, GliobenchError] | None = None,
        notes: Mapping[str, list[Fault]] | None = None,
        patients: Mapping[str, str] | None = None,
        integers: Mapping[str, Integers | GliobenchError] | None = None,
        labels: DatasetLabels | None = None,
    ) -> None:
        self._cases = {case.study.id: case for case in cases}
        self._unreadable = dict(unreadable or {})
        self._notes = dict(notes or {})
        self._patients = dict(patients or {})
        self._integers = dict(integers or {})
        self._labels = labels

    def study_ids(self) -> list[str]:
        return sorted({*self._cases, *self._unreadable})

    def study(self, study_id: str) -> Study:
        return self._case(study_id).study

    def origin(self, study_id: str) -> Origin:
        if study_id in self._unreadable:
            return Origin(self._patients.get(study_id, study_id))
        study = self._case(study_id).study
        return Origin(study.patient_id, study.site)

    def grade(self, study_id: str) -> Grade | None:
        return self._case(study_id).reference.grade

    def reference(self, study_id: str) -> Reference:
        return self._case(study_id).reference

    def content_hash(self, study_id: str) -> str:
        digest = sha256()
        for modality, volume in sorted(self._case(study_id).study.volumes.items()):
            digest.update(modality.value.encode() + np.ascontiguousarray(volume).tobytes())
        return digest.hexdigest()

    def notes(self, study_id: str) -> list[Fault]:
        return self._notes.get(study_id, [])

    @property
    def labels(self) -> DatasetLabels | None:
        return self._labels

    def labelled(self, labels: DatasetLabels) -> FakeStudySource:
        return FakeStudySource(
            self._cases.values(), unreadable=self._unreadable, notes=self._notes, labels=labels
        )

    def mask_integers(self, study_id: str) -> Integers | None:
        held = self._integers.get(study_id)
        if isinstance(held, GliobenchError):
            raise held
        return held

    def _case(self, study_id: str) -> Case:
        if study_id in self._unreadable:
            raise self._unreadable[study_id]
        if study_id not in self._cases:
            raise NotFoundError(f"no study {study_id!r}")
        return self._cases[study_id]


def fake_case(
    study_id: str = "study-1",
    *,
    patient_id: str | None = None,
    grade: Grade | None = Grade.HGG,
    site: str | None = "CBICA",
    shape: tuple[int, int, int] = (12, 14, 10),
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    tumour: Box3D | None = TUMOUR,
    modalities: Iterable[Modality] = tuple(Modality),
) -> Case:
    """Make a case: a noisy block of brain with a border of air, and a brighter box in it.

    The noise depends on the study's id. The box is the whole tumour; its lower half along i is the
    core, the lower half of that along j enhances. Without a tumour the reference has no regions.
    """
    seed = int.from_bytes(sha256(study_id.encode()).digest()[:4])
    random = np.random.default_rng(seed)
    grid = Grid(shape=shape, affine=np.diag([*spacing_mm, 1.0]))
    regions = {} if tumour is None else _regions(shape, tumour)
    volumes = {}
    for modality in modalities:
        volume = np.zeros(shape, dtype=np.float32)
        inner = volume[1:-1, 1:-1, 1:-1]
        inner[:] = random.uniform(50, 100, inner.shape)
        if regions:
            volume[regions[Region.WT]] += 100
        volumes[modality] = volume
    study = Study(
        id=study_id,
        patient_id=patient_id or study_id,
        grid=grid,
        volumes=volumes,
        native_grid=grid,
        site=site,
    )
    return Case(study, Reference(grade=grade, regions=regions))


def _regions(shape: tuple[int, int, int], tumour: Box3D) -> dict[Region, np.ndarray]:
    (i0, j0, k0), (i1, j1, k1) = tumour.start, tumour.stop
    ends = {
        Region.WT: (i1, j1),
        Region.TC: ((i0 + i1 + 1) // 2, j1),
        Region.ET: ((i0 + i1 + 1) // 2, (j0 + j1 + 1) // 2),
    }
    regions = {}
    for region, (i, j) in ends.items():
        regions[region] = np.zeros(shape, dtype=bool)
        regions[region][i0:i, j0:j, k0:k1] = True
    return regions
