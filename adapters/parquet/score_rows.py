"""Scores as one flat row a study, for any tool that reads tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import pyarrow as pa

from gliobench.domain.prediction import Failure, Form, GradePrediction
from gliobench.domain.scores import CaseScore, FormScore, MaskScore
from gliobench.domain.scoring import WORST

Row: TypeAlias = dict[str, Any]


def score_table(scores: Sequence[CaseScore]) -> pa.Table:
    """Lay scores out, sorted as given; all columns are there in every run.

    A column of a form is `<form>_<measure>`, of a mask `mask_<region>_<measure>`; what was not
    scored is null. `<form>_failure` holds the reason where the form failed, and the measures
    beside it are the worst.
    """
    return pa.Table.from_pylist([_row(case) for case in scores], schema=SCHEMA)


def _row(case: CaseScore) -> Row:
    row: Row = {
        "study_id": case.study_id,
        "patient_id": case.patient_id,
        "site": case.site,
        "reference_grade": case.reference_grade.value if case.reference_grade else None,
        "scoring_plane": case.plane.index if case.plane else None,
        "oracle": case.oracle,
    }
    match case.grade:
        case Failure(reason):
            row["grade_failure"] = reason.value
        case GradePrediction(grade, probability):
            row |= {"grade": grade.value, "probability_hgg": probability}
    for form, outcome in case.localisation.items():
        row[f"{form.value}_failure"] = outcome.failure.reason.value if outcome.failure else None
        row |= dict(_measures(form, outcome.score))
    return row


def _measures(form: Form, score: FormScore | None) -> Iterator[tuple[str, float | bool | None]]:
    if isinstance(score, MaskScore):
        for region, part in score.regions.items():
            for name, value in asdict(part).items():
                yield f"{form.value}_{region.value}_{name}", value
    elif score is not None:
        for name, value in asdict(score).items():
            yield f"{form.value}_{name}", value


def _columns() -> Iterator[tuple[str, pa.DataType]]:
    for name in ("study_id", "patient_id", "site", "reference_grade", "grade"):
        yield name, pa.string()
    yield from (("probability_hgg", pa.float64()), ("grade_failure", pa.string()))
    yield from (("scoring_plane", pa.int32()), ("oracle", pa.bool_()))
    for form in Form:
        yield f"{form.value}_failure", pa.string()
        for name, _ in _measures(form, WORST[form]):
            yield name, pa.bool_() if name.endswith("_hit") else pa.float64()


SCHEMA = pa.schema(list(_columns()))
