"""What a table of scores keeps of a study, and how scores are laid out so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from sys import intern
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.frames import MARKED, Frames, Ragged
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, MaskScore, Place
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Box, FloatArray, Point, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    NoTumour,
)
from gliobench.domain.studies.study import Grade, SliceChoice

Row: TypeAlias = dict[str, object]
Columns: TypeAlias = dict[str, NDArray[Any]]

REASONS = {reason: 1 << at for at, reason in enumerate(FailureReason)}
"""A bit for each, so that one number tells all that a study failed for."""
CHOICES = {choice: at for at, choice in enumerate(SliceChoice)}
"""A number for each way of choosing the only plane of a study."""
UNKNOWN = -1
TOLD = ("image_fault", "reference_fault", "reference_note")
TEXTS = ("study_id", "patient", "site", "image", *TOLD)
NUMBERS = ("volume_mm3", "area_mm2", "from_brain_mm", "right_share")
REFERENCE = "reference."

_OF_MASKS = (Measure.DICE, Measure.IOU, Measure.HD95_MM, Measure.NSD, Measure.VOLUME_ERROR_MM3)
SCORED: Mapping[Form, tuple[Measure, ...]] = {
    Form.POINT: (Measure.ERROR_MM, Measure.HIT),
    Form.BOX: (Measure.BOX_IOU,),
    Form.POLYGON: (Measure.DICE,),
    Form.POINT_3D: (Measure.ERROR_MM, Measure.HIT),
    Form.BOX_3D: (Measure.BOX_IOU,),
    Form.MASK: _OF_MASKS,
}
"""What is kept of a form's score; of a mask's, by region."""
VOLUME = "reference_mm3"
"""The field of a mask's region, kept beside its scores, that tells whether the reference has it."""
FIELDS = {Measure.BOX_IOU: "iou"} | {
    measure: measure.value for measure in (Measure.ERROR_MM, Measure.HIT, *_OF_MASKS)
}
"""What a measure is called in a `FormScore`."""


def columns_of(cases: Sequence[CaseScore]) -> Columns:
    """Lay cases out: (N,) each, by name, whether any case has something to say there or not."""
    rows = [_row(case) for case in cases]
    columns = {
        name: np.array([row.get(name, _EMPTY[name]) for row in rows], dtype=dtype)
        for name, dtype in DTYPES.items()
    }
    targets = [case.target for case in cases]
    frames = Frames.of(
        axis=columns["plane_axis"].astype(np.intp),
        shape=_dense([one.grid.shape if one else None for one in targets], 3),
        affine=_dense([one.grid.affine.ravel().tolist() if one else None for one in targets], 16),
    )
    brains = _dense([one.brain.at if one and one.brain else None for one in targets], 3)
    answers = {
        form: Ragged.of([_numbers(_answer(case, form)) for case in cases]) for form in MARKED
    }
    references = {
        form: Ragged.of([_numbers(one.places[form]) if one else None for one in targets])
        for form in MARKED
    }
    return columns | place_columns(frames, brains, answers, references)


def place_columns(
    frames: Frames,
    brains: FloatArray,
    answers: Mapping[Form, Ragged],
    references: Mapping[Form, Ragged],
) -> Columns:
    """Measure where brains, answers and references lie on their planes, and whether those are all.

    Args:
        frames: Of N studies.
        brains: (N, 3) the brains' centroids in voxels, NaN where they are not known.
        answers: Voxels by form, of all that are `MARKED`.
        references: Likewise.

    Raises:
        InvalidInputError: A place has too many or too few numbers.
    """
    columns: Columns = {"on_one_plane": frames.alone}
    columns |= zip(("brain.x", "brain.y"), frames.projected(brains).T, strict=True)
    for whose, places in (("", answers), (REFERENCE, references)):
        for form, names in MARKED.items():
            marks = frames.marks(form, places[form]).T
            columns |= {
                mark_name(form, name, whose): values
                for name, values in zip(names, marks, strict=True)
            }
    return columns


def score_name(form: Form, measure: Measure, region: Region | None) -> str:
    """Name the column of a score; of a mask's it tells the region."""
    part = f"{region.value}." if region else ""
    return f"{form.value}.{part}{measure.value}"


def volume_name(region: Region) -> str:
    """Name the column of a region's volume in the reference."""
    return f"{Form.MASK.value}.{region.value}.{VOLUME}"


def mark_name(form: Form, name: str, whose: str = "") -> str:
    """Name the column of a mark: the backend's, or with `REFERENCE` the experts'."""
    return f"{form.value}.{whose}{name}"


def _dtypes() -> Iterator[tuple[str, type[Any]]]:
    yield from ((name, object) for name in TEXTS)
    yield from (
        ("reference", np.int8),
        ("plane_axis", np.int8),
        ("plane_index", np.int32),
    )
    yield from (("oracle", np.bool_), ("tumour_free", np.bool_), ("found", np.int8))
    yield from (("reasons", np.int64), ("simulated", np.bool_), ("slice_choice", np.int8))
    yield from ((name, np.float64) for name in NUMBERS)
    yield from ((f"grade.{name}", np.bool_) for name in ("asked", "failed", "hgg"))
    yield "grade.probability", np.float64
    for form in Form:
        yield from ((f"{form.value}.{name}", np.bool_) for name in ("asked", "failed"))
        for part in Region if form is Form.MASK else (None,):
            yield from ((score_name(form, one, part), np.float64) for one in SCORED[form])
            if part is not None:
                yield volume_name(part), np.float64


DTYPES = dict(_dtypes())
"""Of all columns but those of `place_columns`."""
_EMPTY: Row = {
    name: False if dtype is np.bool_ else np.nan if dtype is np.float64 else UNKNOWN
    for name, dtype in DTYPES.items()
}
_EMPTY |= {**dict.fromkeys(TEXTS), "reasons": 0}
_SCORE_NAMES = {
    (form, region): {FIELDS[one]: score_name(form, one, region) for one in SCORED[form]}
    | ({VOLUME: volume_name(region)} if region else {})
    for form in Form
    for region in (*Region, None)
}


def _row(case: CaseScore) -> Row:
    row: Row = {
        "study_id": intern(case.study_id),
        "patient": intern(case.patient_id),
        "site": None if case.site is None else intern(case.site),
        "image": None if case.image_hash is None else intern(case.image_hash),
        "image_fault": case.image_fault.sentence if case.image_fault else None,
        "reference_fault": case.reference_fault.sentence if case.reference_fault else None,
        "reference_note": case.reference_note.sentence if case.reference_note else None,
        "oracle": case.oracle,
        "tumour_free": case.tumour_free,
        "simulated": case.simulated,
        "found": UNKNOWN if case.found_tumour is None else int(case.found_tumour),
        "reasons": sum({REASONS[failure.reason] for failure in case.failures}),
    }
    if case.slice_choice is not None:
        row["slice_choice"] = CHOICES[case.slice_choice]
    if case.reference_grade is not None:
        row["reference"] = int(case.reference_grade is Grade.HGG)
    if case.plane is not None:
        row |= {"plane_axis": int(case.plane.axis), "plane_index": case.plane.index}
    row.update(chain(_grade(case), _target(case.target)))
    for form, outcome in case.localisation.items():
        row.update(_outcome(form, outcome))
    return row


def _grade(case: CaseScore) -> Iterator[tuple[str, object]]:
    yield "grade.asked", case.grade is not None
    yield "grade.failed", isinstance(case.grade, Failure)
    if isinstance(case.grade, GradePrediction):
        yield "grade.hgg", case.grade.grade is Grade.HGG
        if case.grade.probability_hgg is not None:
            yield "grade.probability", case.grade.probability_hgg


def _target(target: TargetFacts | None) -> Iterator[tuple[str, object]]:
    for name in NUMBERS if target else ():
        if (value := getattr(target, name)) is not None:
            yield name, value


def _outcome(form: Form, outcome: FormOutcome) -> Iterator[tuple[str, object]]:
    yield f"{form.value}.asked", True
    yield f"{form.value}.failed", outcome.failure is not None
    score = outcome.score
    parts = score.regions if isinstance(score, MaskScore) else {None: score} if score else {}
    for region, part in parts.items():
        for field, name in _SCORE_NAMES[form, region].items():
            if (value := getattr(part, field)) is not None:
                yield name, value


def _answer(case: CaseScore, form: Form) -> Place | NoTumour | None:
    outcome = case.localisation.get(form)
    return outcome.answer if outcome else None


def _numbers(place: Place | NoTumour | None) -> Sequence[float] | None:
    match place:
        case Point(at=at):
            return at
        case Box(start=start, stop=stop):
            return (*start, *stop)
        case Polygon(vertices=vertices):
            return [number for vertex in vertices for number in vertex]
    return None


def _dense(lists: Sequence[Sequence[float] | None], length: int) -> FloatArray:
    return Ragged.of(lists).of_length(length)
