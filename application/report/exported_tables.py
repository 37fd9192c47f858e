"""Grades and places of a run as tables that `gliobench import` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.place_numbers import numbers_of
from gliobench.domain.files.tables import write_csv
from gliobench.domain.geometry.grids import Box, Box3D, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.predictions.reasons import write_reasons
from gliobench.domain.studies.study import Grade

SET = ("grade_set", "set_coverage")
FAILED = ("failure", "failure_detail")
Cells: TypeAlias = list[object]


def tables_of(predictions: Iterable[StudyPrediction], manifest: RunManifest) -> dict[str, bytes]:
    """Lay out grades and places, with their failures.

    Returns:
        CSV by the option of `gliobench import` that reads it.

    Raises:
        InvalidInputError: The run has masks alone.
    """
    graded = [_grades(manifest)] if manifest.grades else []
    tables = graded + [table for forms, table in PLACES if manifest.forms & forms]
    if not tables:
        raise InvalidInputError(
            f"the run of {manifest.backend} has masks alone: wanted layout brats"
        )
    rows: dict[str, list[Cells]] = {table.option: [] for table in tables}
    for said in predictions:
        for table in tables:
            rows[table.option] += table.rows(said, manifest)
    return {table.option: write_csv(table.columns, rows[table.option]).encode() for table in tables}


@dataclass(frozen=True, slots=True)
class _Table:
    """One file of the layout `csv`.

    Args:
        option: Of `gliobench import`, and the file's name.
        columns: Its header.
        rows: Of one study.
    """

    option: str
    columns: Sequence[str]
    rows: Callable[[StudyPrediction, RunManifest], Iterable[Cells]]


def _grades(manifest: RunManifest) -> _Table:
    """Lay grades out; of another target than the grade, 1 and the probability of its positive class."""
    if manifest.target.is_grade:
        columns = ["study_id", "grade", "probability_hgg"]
    else:
        columns = ["study_id", "prediction", "probability"]
    return _Table("grades", [*columns, *SET, "reasons", *FAILED], _grade_rows)


def _grade_rows(said: StudyPrediction, manifest: RunManifest) -> Iterator[Cells]:
    grade = said.grade
    if isinstance(grade, GradePrediction):
        is_positive = int(grade.grade is Grade.HGG)
        name = grade.grade.value if manifest.target.is_grade else is_positive
        kept = [grade.grade_set.named, grade.grade_set.coverage] if grade.grade_set else ["", ""]
        because = write_reasons(grade.reasons)
        yield [said.study_id, name, grade.probability_hgg, *kept, because, "", ""]
    else:
        yield [said.study_id, "", "", "", "", "", *failed(grade)]


def _places(option: str, columns: Sequence[str], forms: Sequence[Form]) -> _Table:
    def rows(said: StudyPrediction, manifest: RunManifest) -> Iterator[Cells]:
        place = said.localisation
        oracle = isinstance(place, LocalisationPrediction) and place.oracle
        sure = place.confidence if isinstance(place, LocalisationPrediction) else None
        for form in forms:
            if form not in manifest.forms:
                continue
            answer = answer_of(said, form)
            head: Cells = [said.study_id, form.value, str(oracle).lower(), "RAS"]
            if isinstance(answer, Failure | NoTumour) or answer is None:
                yield [*head, *[""] * (len(columns) + 1), sure, *failed(answer)]
            else:
                yield [*head, *_numbers(answer), sure, "", ""]

    return _Table(
        option,
        ["study_id", "form", "oracle", "frame", "axis", *columns, "confidence", *FAILED],
        rows,
    )


def _numbers(place: object) -> Cells:
    """Lay a place out: the axis across its plane, then coordinates of the RAS+ grid."""
    match place:
        case Point() | Box():
            return [place.plane.axis.name.lower(), *numbers_of(place.in_volume)]
        case Polygon(plane=plane):
            vertices = [Point(plane, vertex).in_volume.at for vertex in place.vertices]
            return [plane.axis.name.lower(), json.dumps(vertices)]
        case Point3D() | Box3D():
            return ["", *numbers_of(place)]
    raise InvalidInputError(f"a {type(place).__name__} is more than a few numbers")


_CORNERS = ["i_start", "j_start", "k_start", "i_stop", "j_stop", "k_stop"]
PLACES = tuple(
    (frozenset(forms), _places(option, columns, forms))
    for option, columns, forms in (
        ("points", ["i", "j", "k"], (Form.POINT, Form.POINT_3D)),
        ("boxes", _CORNERS, (Form.BOX, Form.BOX_3D)),
        ("polygons", ["vertices"], (Form.POLYGON,)),
    )
)
"""The forms and the file of each kind of place of the layout `csv`, in order."""


def answer_of(said: StudyPrediction, form: Form) -> object:
    """Return what was answered in a form, or why nothing was."""
    place = said.localisation
    return place.answers.get(form) if isinstance(place, LocalisationPrediction) else place


def failed(answer: object) -> Cells:
    """Return the cells of a failure; of no tumour, those that are read as that answer."""
    if isinstance(answer, Failure):
        return [answer.reason.value, answer.detail]
    if isinstance(answer, NoTumour):
        return [FailureReason.NO_TUMOUR_FOUND.value, "no tumour"]
    return [FailureReason.MISSING_PREDICTION.value, "no answer"]


def confidences_of(said: StudyPrediction) -> Iterator[Cells]:
    """Lay out how sure a backend is of a study's mask; nothing where it does not say."""
    place = said.localisation
    if isinstance(place, LocalisationPrediction) and place.confidence is not None:
        inner = (place.region_confidence.get(region, "") for region in Region)
        yield [said.study_id, place.confidence, *inner]
