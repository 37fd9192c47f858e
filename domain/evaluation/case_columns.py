"""The columns of a table of scores, and conversion of scores to columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from sys import intern
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.frames import MARKED, Frames, Ragged
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Place, score_names
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Box, FloatArray, Point, Polygon
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
"""One bit per reason, so that one number holds all failure reasons of a study."""
CHOICES = {choice: at for at, choice in enumerate(SliceChoice)}
"""A number for each way of choosing the only plane of a study."""
UNKNOWN = -1
REMARKS = ("image_fault", "reference_fault", "reference_note")
TEXTS = ("study_id", "patient", "site", "image", *REMARKS)
NUMBERS = ("volume_mm3", "area_mm2", "from_brain_mm", "right_share")
REFERENCE = "reference."


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
        shape=_dense([target.grid.shape if target else None for target in targets], 3),
        affine=_dense(
            [target.grid.affine.ravel().tolist() if target else None for target in targets], 16
        ),
    )
    brains = _dense([target.brain.at if target and target.brain else None for target in targets], 3)
    answers = {
        form: Ragged.of([_numbers(_answer(case, form)) for case in cases]) for form in MARKED
    }
    references = {
        form: Ragged.of([_numbers(target.places[form]) if target else None for target in targets])
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
        yield from ((f"{form.value}.{name}", np.float64) for name in score_names(form))


DTYPES = dict(_dtypes())
"""Of all columns but those of `place_columns`."""
_EMPTY: Row = {
    name: False if dtype is np.bool_ else np.nan if dtype is np.float64 else UNKNOWN
    for name, dtype in DTYPES.items()
}
_EMPTY |= {**dict.fromkeys(TEXTS), "reasons": 0}


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
    yield from ((f"{form.value}.{name}", value) for name, value in outcome.scores.items())


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
