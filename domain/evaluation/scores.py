"""How well one study was read: a prediction held against its reference.

A form that failed keeps its failure and gets the worst score of its kind, so that a mean over all
studies (intention-to-treat) needs no second rule, and a mean over the answered ones leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Box, Box3D, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction, NoTumour
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.study import Grade, SliceChoice

WORST_MM = 373.13
"""Distance in mm that a failure scores, and that none exceeds: the diagonal of BraTS's 240×240×155 mm
volume. The penalty is gliobench's own. BraTS's official programs have none for points; as the HD95 of
a missed lesion they count 374 mm (the program of 2023) or 373 mm (that of 2026)."""


@dataclass(frozen=True, slots=True)
class PointScore:
    """A place held against the middle of the tumour.

    Args:
        error_mm: Distance from the reference's centre, in [0, WORST_MM].
        hit: Whether it lies in the whole tumour.
    """

    error_mm: float
    hit: bool


@dataclass(frozen=True, slots=True)
class BoxScore:
    """A box held against the tumour's; `iou` in [0, 1]."""

    iou: float


@dataclass(frozen=True, slots=True)
class PolygonScore:
    """A polygon held against the tumour's outline; `dice` in [0, 1]."""

    dice: float


@dataclass(frozen=True, slots=True)
class RegionScore:
    """One region of a mask held against the reference's.

    Args:
        dice: In [0, 1].
        iou: In [0, 1].
        hd95_mm: In [0, WORST_MM].
        nsd: Share of the surfaces that lie within `NSD_TOLERANCE_MM` of each other.
        volume_error_mm3: Predicted less reference volume; None for a failure, which has no worst.
        reference_mm3: The reference's volume, 0.0 where it lacks the region; None where an older
            run does not tell.

    Where one of the two is empty, see `empties`.
    """

    dice: float
    iou: float
    hd95_mm: float
    nsd: float
    volume_error_mm3: float | None
    reference_mm3: float | None = None


@dataclass(frozen=True, slots=True)
class MaskScore:
    """A mask held against the reference, by region.

    Args:
        regions: The whole tumour at least; the gross tumour volume where the reference has no whole
            tumour.
    """

    regions: Mapping[Region, RegionScore]

    @property
    def whole(self) -> RegionScore:
        """The score of the region that localisations are scored against."""
        return self.regions[localised_region(self.regions) or Region.WT]


FormScore: TypeAlias = PointScore | BoxScore | PolygonScore | MaskScore
Place: TypeAlias = Point | Box | Polygon | Point3D | Box3D
"""A localisation that is a few numbers: any but a mask."""


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What became of one form of one study.

    Args:
        score: The worst one where the form failed; None where the reference allows none.
        failure: Why it failed, or None.
        answer: What was scored, in voxels of the study, or that there is no tumour; None where a
            place has no score, and for a mask, which the run keeps with its predictions.
    """

    score: FormScore | None
    failure: Failure | None = None
    answer: Place | NoTumour | None = None


@dataclass(frozen=True, slots=True)
class CaseScore:
    """All scores of one study under one backend.

    Args:
        study_id: As in its source.
        patient_id: Whose study it is.
        site: Where it was scanned, if known.
        reference_grade: None where it is unknown; the grade is then not scored.
        grade: The backend's answer or its failure; None where the backend does not grade.
        localisation: By form, in the volume and on `plane`; empty where the backend does not
            localise.
        plane: The axial plane of the largest reference area: the place where every backend's
            point, box and polygon are scored. None where the reference shows no tumour.
        oracle: True where the backend was shown a slice chosen with the reference, or one of which
            that cannot be ruled out.
        target: The tumour itself; None where the reference shows none, or the study's grid is not
            known.
        content_hash: Of the study's files; None where they cannot be read.
        image_hash: See `image_hash`, of the first modality that shows something; None without one.
        found_tumour: Whether the backend says that there is a tumour. None where it failed, and in
            older runs.
        tumour_free: True where the reference says that there is no tumour. Without that and without
            a plane nobody has drawn one, or what was drawn cannot be read.
        image_fault: Why its images show no brain without its skull; it is scored all the same.
        reference_fault: Why a part of the reference could not be read; the rest is scored.
        reference_note: How the reference was read, where that is worth knowing.
        moves: Where the images were altered to control the backend: by form, how its answers
            compare with those on the true images. Empty for the true images themselves.
        slice_choice: How the plane of a study of one plane was chosen; None for a volume.
        simulated: Whether no patient was imaged.
    """

    study_id: str
    patient_id: str
    site: str | None
    reference_grade: Grade | None
    grade: GradePrediction | Failure | None = None
    localisation: Mapping[Form, FormOutcome] = field(default_factory=dict)
    plane: Plane | None = None
    oracle: bool = False
    target: TargetFacts | None = None
    content_hash: str | None = None
    image_hash: str | None = None
    found_tumour: bool | None = None
    tumour_free: bool = False
    image_fault: Fault | None = None
    reference_fault: Fault | None = None
    reference_note: Fault | None = None
    moves: Mapping[Form, Move] = field(default_factory=dict)
    slice_choice: SliceChoice | None = None
    simulated: bool = False

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every failure of this study: the grade's first, then each form's."""
        grade = (self.grade,) if isinstance(self.grade, Failure) else ()
        forms = (outcome.failure for outcome in self.localisation.values())
        return grade + tuple(failure for failure in forms if failure is not None)
