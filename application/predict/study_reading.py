"""What a backend reads in one study, in the frame of the study's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Never, Self

from gliobench.application.ports.backend import Backend
from gliobench.domain.errors import NotFoundError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import BoolArray, Box3D, Plane, Point, Point3D, Polygon, Voxel
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.lesion import Lesion
from gliobench.domain.predictions.forms import polygon_in_volume
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    GradePrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.lazy import Lazy
from gliobench.domain.studies.study import Modality, Study


@dataclass(frozen=True, eq=False)
class Place:
    """Where the tumour is, in world millimetres and in voxels.

    Args:
        centre: On the study's RAS+ grid.
        centre_mm: The same place in the world.
        centre_vox: The same place in voxels of the study's files.
        box: On the study's RAS+ grid; None where the backend gives only a place.
        box_vox: The same box in voxels of the study's files.
        size_mm: The box's edges along the axes of the files.
        volumes_mm3: By region, of the mask; empty where there is none.
        mask: On the study's RAS+ grid, or None.
        confidence: How sure the backend is, see `LocalisationPrediction`; None where it does not say.
        region_confidence: The same by region of the mask.
    """

    centre: Point3D
    centre_mm: Voxel
    centre_vox: Voxel
    box: Box3D | None
    box_vox: Box3D | None
    size_mm: Voxel | None
    volumes_mm3: Mapping[Region, float]
    mask: Mask | None
    confidence: float | None = None
    region_confidence: Mapping[Region, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class NoPlace:
    """The answer that there is no tumour.

    Args:
        mask: Without a voxel, on the study's RAS+ grid, of a backend that gives masks; or None.
        confidence: How sure the backend is; None where it does not say.
    """

    mask: Mask | None
    confidence: float | None = None


@dataclass(frozen=True, eq=False)
class OnSlice:
    """What a backend that is shown one slice drew on it, in world millimetres and in voxels.

    Args:
        plane: The slice, on the study's RAS+ grid.
        oracle: Whether the reference has chosen it.
        box: On the study's RAS+ grid, one voxel thick; None where none was asked for.
        box_vox: The same box in voxels of the study's files; None without a box.
        size_mm: The box's edges along the axes of the files; None without a box.
        polygon: On the study's RAS+ grid; None where none was asked for.
        polygon_mm: Its vertices in the world; empty without a polygon.
        polygon_vox: Its vertices in voxels of the study's files; empty without a polygon.
    """

    plane: Plane
    oracle: bool
    box: Box3D | NoTumour | Failure | None
    box_vox: Box3D | None
    size_mm: Voxel | None
    polygon: Polygon | NoTumour | Failure | None
    polygon_mm: tuple[Voxel, ...]
    polygon_vox: tuple[Voxel, ...]


@dataclass(frozen=True)
class Reader:
    """What a reading keeps of the backend that answered; fields as of `Backend`."""

    name: str
    fingerprint: str
    provenance: Mapping[str, str]
    facts: BackendFacts

    @classmethod
    def of(cls, backend: Backend) -> Self:
        """Leave out the models."""
        return cls(backend.name, backend.fingerprint, dict(backend.provenance), backend.facts)


@dataclass(frozen=True, eq=False)
class StudyReading:
    """What a backend reads in a study; None for what it does not offer.

    Args:
        study: What was read.
        backend: Who read it.
        grade: How malignant the glioma is.
        place: Where it lies.
        on_slice: What was drawn on one slice.
        implausible: Why images or answer cannot be right, where somebody insisted on an answer.
        lesion: How a radiologist would describe the tumour; None where none is placed.
        out_of_scope: What speaks against any answer, though nothing forbids one.
        probabilities: (I, J, K) that a voxel is tumour, by region, where they were asked for.
    """

    study: Study
    backend: Reader
    grade: GradePrediction | Failure | None
    place: Place | NoPlace | Failure | None
    on_slice: OnSlice | None = None
    implausible: tuple[Fault, ...] = ()
    lesion: Lesion | None = None
    out_of_scope: tuple[Fault, ...] = ()
    probabilities: Mapping[Region, Float32Array] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        """What could not be answered; without a tumour there is no grade."""
        drawn = (self.on_slice.box, self.on_slice.polygon) if self.on_slice else ()
        found = [item for item in (self.grade, self.place, *drawn) if isinstance(item, Failure)]
        if isinstance(self.place, NoPlace):
            return [item for item in found if item.reason is not FailureReason.NO_TUMOUR_FOUND]
        return found


def without_images(study: Study) -> Study:
    """Return a study that another process can be sent: it says which images there were, and holds none."""
    return replace(study, volumes=Lazy(tuple(study.volumes), partial(_left_behind, study.id)))


def _left_behind(study_id: str, modality: Modality) -> Never:
    raise NotFoundError(
        f"study {study_id}: a prediction that was pickled holds no {modality.value}"
    )


@dataclass(frozen=True, eq=False)
class DrawnAnswer:
    """What there is to draw of a reading, on the study's RAS+ grid.

    Args:
        centre_vox: Of the tumour; None without one.
        through_vox: Where to cut the study.
        regions: (I, J, K) bool by region: the mask's, or what an outline holds.
        box: In the volume, or one voxel thick.
    """

    centre_vox: Voxel | None
    through_vox: Voxel
    regions: Mapping[Region, BoolArray]
    box: Box3D | None


def drawn_answer(reading: StudyReading) -> DrawnAnswer | None:
    """Gather what can be drawn of a reading; None where it places nothing."""
    place = reading.place if isinstance(reading.place, Place) else None
    regions: Mapping[Region, BoolArray] = place.mask.regions if place and place.mask else {}
    box, through = (place.box, place.centre.at) if place else (None, None)
    if (drawn := reading.on_slice) is not None:
        if isinstance(drawn.polygon, Polygon):
            regions = {Region.WT: polygon_in_volume(drawn.polygon, reading.study.grid)}
            through = through or Point(drawn.plane, drawn.polygon.vertices[0]).in_volume.at
        if isinstance(drawn.box, Box3D):
            box, through = drawn.box, through or drawn.box.centre.at
    if through is None:
        return None
    return DrawnAnswer(place.centre.at if place else None, through, regions, box)
