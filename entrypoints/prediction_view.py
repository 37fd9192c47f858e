"""How one study's prediction is shown: JSON for scripts, a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gliobench.domain.prediction import Failure, GradePrediction

if TYPE_CHECKING:
    from gliobench.application.predict_study import Place, StudyReading

DISCLAIMER = "Research use only: not for diagnosis, nor for any decision about a patient."


def prediction_json(reading: StudyReading, written: Mapping[str, str]) -> dict[str, Any]:
    """Give the prediction as JSON values; voxels are those of the study's files, from zero."""
    return {
        "study_id": reading.study.id,
        "backend": reading.backend.name,
        "provenance": dict(reading.backend.provenance),
        "grade": _grade(reading.grade),
        "localisation": _place(reading.place),
        "files": dict(written),
        "disclaimer": DISCLAIMER,
    }


def print_prediction(reading: StudyReading, written: Mapping[str, str]) -> None:
    """Print the prediction as a table."""
    title = escape(f"{reading.study.id}: {reading.backend.name}")
    table = Table(title=title, show_header=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in (*_grade_rows(reading.grade), *_place_rows(reading.place)):
        table.add_row(name, value)
    for name, path in written.items():
        table.add_row(name, escape(path))
    Console().print(table)
    Console().print(DISCLAIMER, style="dim")


def _failure(failure: Failure) -> dict[str, Any]:
    return {"failure": {"reason": failure.reason.value, "detail": failure.detail}}


def _grade(grade: GradePrediction | Failure | None) -> dict[str, Any] | None:
    if grade is None:
        return None
    if isinstance(grade, Failure):
        return _failure(grade)
    return {"grade": grade.grade.value, "probability_hgg": grade.probability_hgg}


def _place(place: Place | Failure | None) -> dict[str, Any] | None:
    if place is None:
        return None
    if isinstance(place, Failure):
        return _failure(place)
    return {
        "centre_mm": _rounded(place.centre_mm),
        "centre_vox": _rounded(place.centre_vox),
        "box_vox": {"start": list(place.box_vox.start), "stop": list(place.box_vox.stop)}
        if place.box_vox
        else None,
        "size_mm": _rounded(place.size_mm) if place.size_mm else None,
        "volumes_mm3": {region.value: round(v, 1) for region, v in place.volumes_mm3.items()},
    }


def _grade_rows(grade: GradePrediction | Failure | None) -> list[tuple[str, str]]:
    if grade is None:
        return []
    if isinstance(grade, Failure):
        return [("grade", f"[red]{grade.reason.value}[/]: {escape(grade.detail)}")]
    probability = grade.probability_hgg
    odds = "" if probability is None else f", P(HGG) = {probability:.2f}"
    return [("grade", f"[bold]{grade.grade.value}[/]{odds}")]


def _place_rows(place: Place | Failure | None) -> list[tuple[str, str]]:
    if place is None:
        return []
    if isinstance(place, Failure):
        return [("tumour", f"[red]{place.reason.value}[/]: {escape(place.detail)}")]
    rows = [
        ("centre", f"{_numbers(place.centre_mm)} mm (RAS+), voxel {_numbers(place.centre_vox)}"),
    ]
    if place.box_vox and place.size_mm:
        box = f"voxels {_numbers(place.box_vox.start, 0)} to {_numbers(place.box_vox.stop, 0)}"
        rows.append(("box", f"{box}, {_numbers(place.size_mm)} mm"))
    if place.volumes_mm3:
        volumes = (f"{r.value} {v / 1000:.1f} ml" for r, v in place.volumes_mm3.items())
        rows.append(("volume", ", ".join(volumes)))
    return rows


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]


def _numbers(values: Sequence[float], digits: int = 1) -> str:
    return "(" + ", ".join(f"{value:.{digits}f}" for value in values) + ")"
