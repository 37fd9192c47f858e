"""Predictions as flat rows: one for the grade and one for each form of localisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from gliobench.application.ports.run_store import StudyPrediction
from gliobench.domain.evaluation.place_numbers import numbers_of, place_of
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.predictions.reasons import read_reasons, write_reasons
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.study import Grade

Row: TypeAlias = dict[str, Any]

GRADE = "grade"
LOCALISATION = "localisation"
"""The task of a row that holds the failure of all forms at once."""

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("study_id", pa.string()),
        ("task", pa.string()),
        ("grade", pa.string()),
        ("probability_hgg", pa.float64()),
        ("plane_axis", pa.int8()),
        ("plane_index", pa.int32()),
        ("coordinates", pa.list_(pa.float64())),
        ("mask_file", pa.string()),
        ("oracle", pa.bool_()),
        ("failure", pa.string()),
        ("failure_detail", pa.string()),
        ("raw", pa.string()),
        ("confidence", pa.float64()),
        ("region_confidence", pa.map_(pa.string(), pa.float64())),
        ("grade_set", pa.string()),
        ("set_coverage", pa.float64()),
        ("reasons", pa.string()),
        ("tokens_read", pa.int64()),
        ("tokens_written", pa.int64()),
    ]
)
"""`task` is `grade`, a form, or `localisation`. `coordinates` are voxels of the study's RAS+ grid:
a point's, a box's start and stop, or a polygon's vertices one after the other; none of them say
that there is no tumour. `raw` is what the
model wrote, understood or not. A place's confidence is in the row of each of its forms. `reasons` is a
JSON list of the findings behind a grade. The tokens are of all answers about the
study, in each of its rows. Runs of older versions lack the last seven."""


def to_rows(prediction: StudyPrediction, *, mask_file: str) -> list[Row]:
    """Lay a prediction out; a mask is kept elsewhere, under the name given."""
    rows = []
    if prediction.grade is not None:
        rows.append(_row(GRADE, prediction.grade, mask_file))
    place = prediction.localisation
    if isinstance(place, Failure):
        rows.append(_row(LOCALISATION, place, mask_file))
    elif place is not None:
        rows += [
            {
                "raw": place.raw.get(form),
                **_row(form.value, answer, mask_file),
                "oracle": place.oracle,
                "confidence": place.confidence,
                "region_confidence": [
                    (r.value, said) for r, said in place.region_confidence.items()
                ],
            }
            for form, answer in place.answers.items()
        ]
    common: Row = {"key": prediction.key, "study_id": prediction.study_id}
    if prediction.tokens is not None:
        common |= {
            "tokens_read": prediction.tokens.read,
            "tokens_written": prediction.tokens.written,
        }
    return [{**common, **row} for row in rows]


def from_rows(rows: Sequence[Row], *, read_mask: Callable[[str], Mask]) -> StudyPrediction:
    """Read one prediction back from its rows.

    Args:
        rows: As `to_rows` gave them.
        read_mask: Gives the mask kept under a name.
    """
    by_task = {row["task"]: row for row in rows}
    grade = by_task.pop(GRADE, None)
    unplaced = by_task.pop(LOCALISATION, None)
    answers: dict[Form, Localisation | NoTumour | Failure] = {
        Form(task): _failure(row) or _place(Form(task), row, read_mask)
        for task, row in by_task.items()
    }
    place: LocalisationPrediction | Failure | None = _failure(unplaced) if unplaced else None
    if answers:
        raw = {
            Form(task): row["raw"]
            for task, row in by_task.items()
            if row["raw"] is not None and row["failure"] is None
        }
        last = rows[-1]
        place = LocalisationPrediction(
            answers,
            oracle=last["oracle"],
            raw=raw,
            confidence=last.get("confidence"),
            region_confidence={Region(r): said for r, said in last.get("region_confidence") or ()},
        )
    return StudyPrediction(
        key=rows[0]["key"],
        study_id=rows[0]["study_id"],
        grade=(_failure(grade) or _grade(grade)) if grade else None,
        localisation=place,
        tokens=_tokens(rows[0]),
    )


def _tokens(row: Row) -> Tokens | None:
    read = row.get("tokens_read")
    return None if read is None else Tokens(read, row["tokens_written"])


def _row(
    task: str, answer: GradePrediction | Localisation | NoTumour | Failure, mask_file: str
) -> Row:
    match answer:
        case Failure(reason, detail, raw):
            columns: Row = {"failure": reason.value, "failure_detail": detail, "raw": raw}
        case GradePrediction(grade, probability, raw, kept, reasons):
            columns = {"grade": grade.value, "probability_hgg": probability, "raw": raw}
            columns["reasons"] = write_reasons(reasons)
            if kept is not None:
                columns |= {"grade_set": kept.named, "set_coverage": kept.coverage}
        case NoTumour():
            columns = {"coordinates": []}
        case Mask():
            columns = {"mask_file": mask_file}
        case Point(plane) | Box(plane) | Polygon(plane):
            columns = _on(plane) | {"coordinates": numbers_of(answer)}
        case Point3D() | Box3D():
            columns = {"coordinates": numbers_of(answer)}
    return {"task": task, **columns}


def _on(plane: Plane) -> Row:
    return {"plane_axis": plane.axis.value, "plane_index": plane.index}


def _failure(row: Row) -> Failure | None:
    if row["failure"] is None:
        return None
    return Failure(FailureReason(row["failure"]), row["failure_detail"], row["raw"])


def _grade(row: Row) -> GradePrediction:
    kept = None
    if (said := row.get("grade_set")) is not None:  # absent from runs of older versions
        kept = GradeSet.of(said, row["set_coverage"])
    reasons = read_reasons(row.get("reasons"))
    grade = Grade(row["grade"])
    return GradePrediction(grade, row["probability_hgg"], row["raw"], kept, reasons)


def _place(form: Form, row: Row, read_mask: Callable[[str], Mask]) -> Localisation | NoTumour:
    if row["coordinates"] == []:
        return NO_TUMOUR
    if form is Form.MASK:
        return read_mask(row["mask_file"])
    axis, index = row["plane_axis"], row["plane_index"]
    plane = None if axis is None else Plane(Axis(axis), index)
    return place_of(form, row["coordinates"], plane)
