"""Scores as one flat row a study, for any tool that reads tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from gliobench.adapters.parquet.place_numbers import numbers_of, place_of
from gliobench.adapters.parquet.target_columns import (
    COLUMNS,
    NUMBERS,
    read_target,
    target_columns,
)
from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Place, score_names
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import MEASURES, leading
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    NoTumour,
)
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.study import Grade, SliceChoice

Row: TypeAlias = dict[str, Any]

ANSWERS = tuple(form for form in Form if form is not Form.MASK)
"""Forms whose answers are kept beside their scores."""
YES_OR_NO = {one.score_name() for one in MEASURES if one.is_share}
"""Scores that are yes or no of a study; of masks there are none."""
MOVE = tuple(Move.__dataclass_fields__)
TOLD = ("image_fault", "reference_fault", "reference_note")
"""What is told of images and reference: each in two columns, of its kind and of its detail."""
REFERENCE = ("found_tumour", "tumour_free", *TOLD, *(f"{name}_detail" for name in TOLD))
LATER = {
    "image_hash",
    "slice_choice",
    "simulated",
    *REFERENCE,
    *(f"{form.value}_{name}" for form in Form for name in MOVE),
    *(
        f"{form.value}_{name}"
        for form in Form
        for name in score_names(form, NESTED)
        if not name.endswith(leading(form).score_name())
    ),
}
"""Columns that runs of older versions lack."""


def score_table(scores: Sequence[CaseScore], schema: pa.Schema) -> pa.Table:
    """Lay scores out, sorted as given; all columns of a `score_schema` are there in every run.

    A column of a form is `<form>_<measure>`, of a mask `mask_<region>_<measure>`; what was not
    scored is null. `<form>_failure` holds the reason where the form failed, and the measures
    beside it are the worst; `<form>_answered` is null where the form was not asked for.
    `<form>_answer` holds voxels of the study's RAS+ grid, and none where the answer is that there is
    no tumour; `target_*` is the experts' whole tumour.
    `<form>_apart_mm`, `_unmoved_mm` and `_overlap` are there where the images were altered.
    """
    return pa.Table.from_pylist([_row(case) for case in scores], schema=schema)


def read_cases(batch: pa.RecordBatch, study_ids: pa.Array | None = None) -> list[CaseScore]:
    """Read studies' scores back from their rows: of these studies, or of all.

    Raises:
        LookupError, ValueError, TypeError: They are no rows of `score_table`.
    """
    if study_ids is not None:
        batch = batch.filter(pc.is_in(batch["study_id"], value_set=study_ids))
    return [_read_case(row) for row in batch.to_pylist()]


def whole_rows(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give rows all columns of a `score_schema`; those that older versions did not have are empty.

    Raises:
        LookupError, ValueError: They are no rows of `score_table`.
    """
    columns = [
        pa.nulls(len(batch), field.type)
        if field.name in LATER and field.name not in batch.schema.names
        else batch[field.name].cast(field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _read_case(row: Row) -> CaseScore:
    plane = _plane(row["scoring_plane_axis"], row["scoring_plane"])
    simulated = row.get("simulated")  # absent from runs of older versions
    return CaseScore(
        study_id=row["study_id"],
        patient_id=row["patient_id"],
        site=row["site"],
        reference_grade=Grade(row["reference_grade"]) if row["reference_grade"] else None,
        grade=_read_grade(row),
        localisation={
            form: _read_outcome(form, row, plane)
            for form in Form
            if row[f"{form.value}_answered"] is not None
        },
        plane=plane,
        oracle=row["oracle"],
        target=read_target(row, plane),
        content_hash=row["content_hash"],
        image_hash=row.get("image_hash"),  # absent from runs of older versions
        found_tumour=row.get("found_tumour"),
        tumour_free=bool(row.get("tumour_free")),
        image_fault=_read_fault(row, "image_fault"),
        reference_fault=_read_fault(row, "reference_fault"),
        reference_note=_read_fault(row, "reference_note"),
        moves=dict(_read_moves(row)),
        slice_choice=SliceChoice(choice) if (choice := row.get("slice_choice")) else None,
        simulated=is_phantom(row["patient_id"]) if simulated is None else simulated,
    )


def _read_fault(row: Row, name: str) -> Fault | None:
    if (kind := row.get(name)) is None:
        return None
    return Fault(row["study_id"], FaultKind(kind), row[f"{name}_detail"])


def _row(case: CaseScore) -> Row:
    row: Row = {
        "study_id": case.study_id,
        "patient_id": case.patient_id,
        "site": case.site,
        "content_hash": case.content_hash,
        "image_hash": case.image_hash,
        "reference_grade": case.reference_grade.value if case.reference_grade else None,
        "scoring_plane": case.plane.index if case.plane else None,
        "scoring_plane_axis": case.plane.axis.value if case.plane else None,
        "oracle": case.oracle,
        "found_tumour": case.found_tumour,
        "tumour_free": case.tumour_free,
        "slice_choice": case.slice_choice.value if case.slice_choice else None,
        "simulated": case.simulated,
    }
    for name in TOLD:
        if (told := getattr(case, name)) is not None:
            row |= {name: told.kind.value, f"{name}_detail": told.detail}
    match case.grade:
        case Failure():
            row |= _of_failure("grade", case.grade)
        case GradePrediction(grade, probability, raw):
            row |= {"grade": grade.value, "probability_hgg": probability, "grade_raw": raw}
    for form, outcome in case.localisation.items():
        row[f"{form.value}_answered"] = outcome.failure is None
        row |= _of_failure(form.value, outcome.failure) if outcome.failure else {}
        row |= {
            f"{form.value}_{name}": bool(value) if name in YES_OR_NO else value
            for name, value in outcome.scores.items()
        }
        if outcome.answer is not None:
            row[f"{form.value}_answer"] = (
                [] if isinstance(outcome.answer, NoTumour) else numbers_of(outcome.answer)
            )
    for form, move in case.moves.items():
        row |= {f"{form.value}_{name}": value for name, value in asdict(move).items()}
    return row | (target_columns(case.target) if case.target else {})


def _of_failure(what: str, failure: Failure) -> Row:
    return {
        f"{what}_failure": failure.reason.value,
        f"{what}_failure_detail": failure.detail,
        f"{what}_raw": failure.raw,
    }


def _plane(axis: int | None, index: int | None) -> Plane | None:
    return None if axis is None or index is None else Plane(Axis(axis), index)


def _read_failure(what: str, row: Row) -> Failure | None:
    reason = row[f"{what}_failure"]
    if reason is None:
        return None
    return Failure(FailureReason(reason), row[f"{what}_failure_detail"], row[f"{what}_raw"])


def _read_grade(row: Row) -> GradePrediction | Failure | None:
    if row["grade"] is None:
        return _read_failure("grade", row)
    return GradePrediction(Grade(row["grade"]), row["probability_hgg"], row["grade_raw"])


def _read_outcome(form: Form, row: Row, plane: Plane | None) -> FormOutcome:
    numbers = row[f"{form.value}_answer"] if form in ANSWERS else None
    return FormOutcome(
        scores={
            name: value
            for name in score_names(form)
            if (value := row.get(f"{form.value}_{name}")) is not None
        },
        failure=_read_failure(form.value, row),
        answer=_read_answer(form, numbers, plane),
    )


def _read_answer(
    form: Form, numbers: Sequence[float] | None, plane: Plane | None
) -> Place | NoTumour | None:
    if numbers is None:
        return None
    return place_of(form, numbers, plane) if numbers else NO_TUMOUR


def _read_moves(row: Row) -> Iterator[tuple[Form, Move]]:
    for form in Form:
        numbers: Row = {name: row.get(f"{form.value}_{name}") for name in MOVE}
        if numbers["apart_mm"] is not None:  # absent from runs of older versions too
            yield form, Move(**numbers)


def _columns(regions: Collection[Region]) -> Iterator[tuple[str, pa.DataType]]:
    yield from ((name, pa.string()) for name in ("study_id", "patient_id", "site"))
    yield from ((name, pa.string()) for name in ("content_hash", "image_hash"))
    yield from ((name, pa.string()) for name in ("reference_grade", "grade"))
    yield "probability_hgg", pa.float64()
    yield from _failure_columns("grade")
    yield from (("scoring_plane", pa.int32()), ("scoring_plane_axis", pa.int32()))
    yield from ((name, pa.bool_()) for name in ("oracle", "found_tumour", "tumour_free"))
    yield from ((end, pa.string()) for name in TOLD for end in (name, f"{name}_detail"))
    yield from (("slice_choice", pa.string()), ("simulated", pa.bool_()))
    for form in Form:
        yield f"{form.value}_answered", pa.bool_()
        yield from _failure_columns(form.value)
        for name in score_names(form, regions):
            yield f"{form.value}_{name}", pa.bool_() if name in YES_OR_NO else pa.float64()
        if form in ANSWERS:
            yield f"{form.value}_answer", NUMBERS
        yield from ((f"{form.value}_{name}", pa.float64()) for name in MOVE)
    yield from COLUMNS.items()


def score_schema(regions: Collection[Region] = NESTED) -> pa.Schema:
    """Name the columns of scores of masks in these regions; of others there is no column."""
    return pa.schema(list(_columns(regions)))


def _failure_columns(what: str) -> Iterator[tuple[str, pa.DataType]]:
    yield from ((f"{what}_{name}", pa.string()) for name in ("failure", "failure_detail", "raw"))
