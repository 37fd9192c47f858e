"""Scores of a study as a row, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.place_numbers import numbers_of, place_of
from gliobench.domain.evaluation.score_columns import ANSWERS, MOVE, REMARKS, YES_OR_NO
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Place, score_names
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, Box, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.metrics.measures import EVERY_SET
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    NoTumour,
)
from gliobench.domain.predictions.reasons import read_reasons, write_reasons
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

Row: TypeAlias = dict[str, Any]


def row_of(case: CaseScore) -> Row:
    """Lay a study's scores out; what is not there is absent."""
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
        "absent_modalities": " ".join(modality.value for modality in case.absent) or None,
        "confidence": case.confidence,
    }
    for name in REMARKS:
        if (fault := getattr(case, name)) is not None:
            row |= {name: fault.kind.value, f"{name}_detail": fault.detail}
    row |= _of_grade(case.grade)
    for form, outcome in case.localisation.items():
        row |= _of_outcome(form.value, outcome)
    for form, move in case.moves.items():
        row |= {f"{form.value}_{name}": value for name, value in asdict(move).items()}
    return row | (_target(case.target) if case.target else {})


def case_of(row: Row) -> CaseScore:
    """Read a study's scores back from its row.

    Raises:
        LookupError, ValueError, TypeError: It is no row of `row_of`.
    """
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
        target=_read_target(row, plane),
        content_hash=row["content_hash"],
        image_hash=row.get("image_hash"),  # absent from runs of older versions
        found_tumour=row.get("found_tumour"),
        tumour_free=bool(row.get("tumour_free")),
        image_fault=_read_fault(row, "image_fault"),
        image_note=_read_fault(row, "image_note"),
        reference_fault=_read_fault(row, "reference_fault"),
        reference_note=_read_fault(row, "reference_note"),
        moves=dict(_read_moves(row)),
        slice_choice=SliceChoice(choice) if (choice := row.get("slice_choice")) else None,
        simulated=is_phantom(row["patient_id"]) if simulated is None else simulated,
        absent=absent_in(row.get("absent_modalities") or ""),
        confidence=row.get("confidence"),  # absent from runs of older versions
    )


def absent_in(names: str) -> tuple[Modality, ...]:
    """Read the names of absent modalities.

    Raises:
        ValueError: One is of no modality.
    """
    return tuple(map(Modality, names.split()))


def _read_fault(row: Row, name: str) -> Fault | None:
    if (kind := row.get(name)) is None:
        return None
    return Fault(row["study_id"], FaultKind(kind), row[f"{name}_detail"])


def _of_grade(said: GradePrediction | Failure | None) -> Row:
    match said:
        case Failure():
            return _of_failure("grade", said)
        case GradePrediction(grade, probability, raw, kept, reasons):
            row: Row = {"grade": grade.value, "probability_hgg": probability, "grade_raw": raw}
            row["grade_reasons"] = write_reasons(reasons)
            if kept is not None:
                row |= {"grade_set": kept.named, "set_coverage": kept.coverage}
            return row
    return {}


def _of_outcome(form: str, outcome: FormOutcome) -> Row:
    row: Row = {f"{form}_answered": outcome.failure is None}
    row |= _of_failure(form, outcome.failure) if outcome.failure else {}
    row |= {
        f"{form}_{name}": bool(value) if name in YES_OR_NO else value
        for name, value in outcome.scores.items()
    }
    if outcome.answer is not None:
        answer = [] if isinstance(outcome.answer, NoTumour) else numbers_of(outcome.answer)
        row[f"{form}_answer"] = answer
    return row


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
    kept = None
    if (said := row.get("grade_set")) is not None:  # absent from runs of older versions
        kept = GradeSet.of(said, row["set_coverage"])
    reasons = read_reasons(row.get("grade_reasons"))
    grade = Grade(row["grade"])
    return GradePrediction(grade, row["probability_hgg"], row["grade_raw"], kept, reasons)


@lru_cache(maxsize=len(Form))
def _score_columns(form: Form) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{form.value}_{name}") for name in score_names(form, sets=EVERY_SET))


def _read_outcome(form: Form, row: Row, plane: Plane | None) -> FormOutcome:
    numbers = row[f"{form.value}_answer"] if form in ANSWERS else None
    return FormOutcome(
        scores={
            name: value
            for name, column in _score_columns(form)
            if (value := row.get(column)) is not None
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


def _target(target: TargetFacts) -> Row:
    return {
        "grid_shape": target.grid.shape,
        "grid_affine": target.grid.affine.ravel().tolist(),
        "target_volume_mm3": target.volume_mm3,
        "target_area_mm2": target.area_mm2,
        "target_right_share": target.right_share,
        "target_centre": target.centre.at,
        "brain_centroid": target.brain.at if target.brain else None,
        **{f"target_{form.value}": numbers_of(place) for form, place in target.places.items()},
    }


def _read_target(row: Row, plane: Plane | None) -> TargetFacts | None:
    if row["grid_shape"] is None:
        return None
    forms = (Form.POINT, Form.BOX, Form.POLYGON)
    match [place_of(form, row[f"target_{form.value}"], plane) for form in forms]:
        case [Point() as point, Box() as box, Polygon() as polygon]:
            i, j, k = row["grid_shape"]
            return TargetFacts(
                grid=Grid(shape=(i, j, k), affine=np.reshape(row["grid_affine"], (4, 4))),
                volume_mm3=row["target_volume_mm3"],
                centre=_point(row["target_centre"]),
                point=point,
                box=box,
                polygon=polygon,
                area_mm2=row["target_area_mm2"],
                brain=_point(row["brain_centroid"]) if row["brain_centroid"] else None,
                right_share=row["target_right_share"],
            )
    raise ValueError("the columns hold no point, box and polygon")


def _point(numbers: Sequence[float]) -> Point3D:
    i, j, k = numbers
    return Point3D(at=(i, j, k))
