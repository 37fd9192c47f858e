"""The scores of one study: a prediction compared with its reference.

A form that failed keeps its failure and gets the worst score of its kind, so that a mean over all
studies (intention-to-treat) needs no second rule, and a mean over the answered ones leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Box, Box3D, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import REFERENCE_MM3, Measure, MeasureSet, scored_in
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction, NoTumour
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

Scores: TypeAlias = Mapping[str, float]
"""One form of one study, by `Measure.score_name`: 0.0 and 1.0 for no and yes; a measure without a score
is absent. Of a mask, `reference_name` gives the volume of each region beside them."""
Place: TypeAlias = Point | Box | Polygon | Point3D | Box3D
"""A localisation that is a few numbers: any but a mask."""


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What became of one form of one study.

    Args:
        scores: The worst ones where the form failed; empty where the reference allows none.
        failure: Why it failed, or None.
        answer: What was scored, in voxels of the study, or that there is no tumour; None where a
            place has no score, and for a mask, which the run keeps with its predictions.
    """

    scores: Scores
    failure: Failure | None = None
    answer: Place | NoTumour | None = None

    def score(self, measure: Measure, region: Region | None = None) -> float | None:
        """Return the score in a measure; None where there is none."""
        return self.scores.get(measure.score_name(region))

    @property
    def without_background(self) -> FormOutcome:
        """The same without scores that depend on the size of the images, where that is not known."""
        left_out = {
            measure.score_name(region)
            for measure in measures.measures_of(Form.MASK)
            if measure.counts_background
            for region in Region
        }
        return replace(self, scores={k: v for k, v in self.scores.items() if k not in left_out})

    @property
    def regions(self) -> list[Region]:
        """The regions of a mask that are scored."""
        return [item for item in Region if measures.DICE.score_name(item) in self.scores]

    def leading(self, form: Form) -> float | None:
        """Return the score in a form's own measure; of a mask, in the region that localisations take."""
        region = (localised_region(self.regions) or Region.WT) if form is Form.MASK else None
        return self.score(measures.leading(form), region)


def reference_name(region: Region) -> str:
    """Name the volume of a mask's region in the reference, 0.0 where the reference lacks it."""
    return f"{region.value}_{REFERENCE_MM3}"


def score_names(
    form: Form, regions: Collection[Region] = tuple(Region), sets: Collection[MeasureSet] = ()
) -> Iterator[str]:
    """List the names of a form's scores; of a mask in these regions, each with its volume.

    Args:
        form: The form.
        regions: Of a mask.
        sets: Measures that are asked for, beside what is always computed.
    """
    for region in [item for item in Region if item in regions] if form is Form.MASK else [None]:
        yield from (item.score_name(region) for item in scored_in(form, sets))
        if region is not None:
            yield reference_name(region)


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
            a plane the study is not annotated, or the annotation cannot be read.
        image_fault: Why its images show no brain without its skull; it is still scored.
        image_note: What speaks against any answer about its images, see `scope_faults`.
        reference_fault: Why a part of the reference could not be read; the rest is scored.
        reference_note: How the reference was read, where that is worth knowing.
        moves: Where the images were altered to control the backend: by form, how its answers
            compare with those on the true images. Empty for the true images themselves.
        slice_choice: How the plane of a study of one plane was chosen; None for a volume.
        simulated: Whether no patient was imaged.
        absent: The modalities that the study lacks and others of its source have; none in older
            runs, or where the study cannot be opened.
        confidence: How sure the backend is of where the tumour is, in [0, 1]; None where it does not
            say.
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
    image_note: Fault | None = None
    reference_fault: Fault | None = None
    reference_note: Fault | None = None
    moves: Mapping[Form, Move] = field(default_factory=dict)
    slice_choice: SliceChoice | None = None
    simulated: bool = False
    absent: tuple[Modality, ...] = ()
    confidence: float | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every failure of this study: the grade's first, then each form's."""
        grade = (self.grade,) if isinstance(self.grade, Failure) else ()
        forms = (outcome.failure for outcome in self.localisation.values())
        return grade + tuple(failure for failure in forms if failure is not None)
