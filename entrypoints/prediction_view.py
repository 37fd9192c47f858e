"""How one study's prediction is shown: JSON for scripts, a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from gliobench.application.predict.predict_study import NoPlace
from gliobench.domain.predictions.prediction import Failure, GradePrediction, NoTumour
from gliobench.domain.studies.study import SliceChoice
from gliobench.entrypoints.terminal import plain

if TYPE_CHECKING:
    from gliobench.application.predict.predict_study import OnSlice, Place, StudyReading
    from gliobench.domain.geometry.grids import Box3D, Voxel
    from gliobench.domain.labels.conventions import LabelConvention

DISCLAIMER = "Research use only: not for diagnosis, nor for any decision about a patient."


def prediction_json(
    reading: StudyReading, written: Mapping[str, str], mask_labels: LabelConvention | None = None
) -> dict[str, Any]:
    """Return the prediction as JSON values; voxels are those of the study's files, from zero.

    Args:
        reading: The prediction.
        written: Files by what they are.
        mask_labels: What the labels of the written mask mean.
    """
    return {
        "study_id": reading.study.id,
        "backend": reading.backend.name,
        "provenance": reading.backend.facts.beside(reading.backend.provenance),
        "simulated": reading.study.is_simulated,
        **({"slice_choice": choice.value} if (choice := reading.study.plane_choice) else {}),
        "implausible": [
            {"kind": fault.kind.value, "detail": fault.detail} for fault in reading.implausible
        ],
        "grade": _grade(reading.grade),
        "localisation": _place(reading.place),
        **({"slice": _slice(reading.on_slice)} if reading.on_slice else {}),
        "files": dict(written),
        **({"mask_labels": mask_labels.values()} if mask_labels and "mask" in written else {}),
        "disclaimer": DISCLAIMER,
    }


def grade_text(grade: GradePrediction) -> str:
    """Write a grade and, if there is one, its probability in one line."""
    probability = grade.probability_hgg
    odds = "" if probability is None else f", P(HGG) = {probability:.2f}"
    return f"{grade.grade.value}{odds}"


def print_prediction(reading: StudyReading, written: Mapping[str, str]) -> None:
    """Print the prediction as a table."""
    title = plain(f"{reading.study.id}: {reading.backend.name}")
    table = Table(title=title, show_header=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in _rows(reading):
        table.add_row(name, value)
    for name, path in written.items():
        table.add_row(name, plain(path))
    Console().print(table)
    Console().print(DISCLAIMER, style="dim")


def _rows(reading: StudyReading) -> Iterator[tuple[str, str]]:
    if stand_in := reading.backend.facts.stand_in:
        yield "weights", f"[yellow]{plain(stand_in)}[/]"
    if reading.study.is_simulated:
        yield "study", "[yellow]SIMULATED: a phantom, the image of no patient[/]"
    choice = reading.study.plane_choice
    if choice is not None and choice.counts_as_oracle:
        yield "slice", f"[yellow]{_CHOICES[choice]}[/]"
    for fault in reading.implausible:
        yield "IMPLAUSIBLE", f"[red]{plain(fault.sentence)}[/]"
    yield from _grade_rows(reading.grade)
    yield from _place_rows(reading.place)
    if reading.on_slice:
        yield from _slice_rows(reading.on_slice)


_CHOICES = {
    SliceChoice.ORACLE: "an oracle slice: chosen with the reference mask",
    SliceChoice.NOT_STATED: "selection not stated: counts as an oracle slice",
}


def _failure(failure: Failure) -> dict[str, Any]:
    said = {} if failure.raw is None else {"raw": failure.raw}
    return {"failure": {"reason": failure.reason.value, "detail": failure.detail, **said}}


def _grade(grade: GradePrediction | Failure | None) -> dict[str, Any] | None:
    if grade is None:
        return None
    if isinstance(grade, Failure):
        return _failure(grade)
    return {"grade": grade.grade.value, "probability_hgg": grade.probability_hgg}


def _place(place: Place | NoPlace | Failure | None) -> dict[str, Any] | None:
    if place is None:
        return None
    if isinstance(place, Failure):
        return _failure(place)
    if isinstance(place, NoPlace):
        return {"tumour_found": False}
    return {
        "tumour_found": True,
        "centre_mm": _rounded(place.centre_mm),
        "centre_vox": _rounded(place.centre_vox),
        "box_vox": _box(place.box_vox),
        "size_mm": _rounded(place.size_mm) if place.size_mm else None,
        "volumes_mm3": {region.value: round(v, 1) for region, v in place.volumes_mm3.items()},
    }


def _slice(drawn: OnSlice) -> dict[str, Any]:
    return {
        "axis": drawn.plane.axis.name.lower(),
        "index": drawn.plane.index,
        "oracle": drawn.oracle,
        "box": _failure(drawn.box)
        if isinstance(drawn.box, Failure)
        else {"tumour_found": False}
        if isinstance(drawn.box, NoTumour)
        else {
            "box_vox": _box(drawn.box_vox),
            "size_mm": _rounded(drawn.size_mm) if drawn.size_mm else None,
        },
        "polygon": _failure(drawn.polygon)
        if isinstance(drawn.polygon, Failure)
        else {"tumour_found": False}
        if isinstance(drawn.polygon, NoTumour)
        else {
            "vertices_mm": [_rounded(item) for item in drawn.polygon_mm],
            "vertices_vox": [_rounded(item) for item in drawn.polygon_vox],
        },
    }


def _box(box: Box3D | None) -> dict[str, list[int]] | None:
    return {"start": list(box.start), "stop": list(box.stop)} if box else None


def _grade_rows(grade: GradePrediction | Failure | None) -> list[tuple[str, str]]:
    if grade is None:
        return []
    if isinstance(grade, Failure):
        return [("grade", f"[red]{grade.reason.value}[/]: {plain(grade.detail)}")]
    return [("grade", f"[bold]{grade_text(grade)}[/]")]


def _place_rows(place: Place | NoPlace | Failure | None) -> list[tuple[str, str]]:
    if place is None:
        return []
    if isinstance(place, Failure):
        return [("tumour", f"[red]{place.reason.value}[/]: {plain(place.detail)}")]
    if isinstance(place, NoPlace):
        return [("tumour", "none found")]
    rows = [
        ("centre", f"{_numbers(place.centre_mm)} mm (RAS+), voxel {_numbers(place.centre_vox)}"),
    ]
    if place.box_vox and place.size_mm:
        rows.append(("box", _box_words(place.box_vox, place.size_mm)))
    if place.volumes_mm3:
        volumes = (f"{r.value} {v / 1000:.1f} ml" for r, v in place.volumes_mm3.items())
        rows.append(("volume", ", ".join(volumes)))
    return rows


def _slice_rows(drawn: OnSlice) -> Iterator[tuple[str, str]]:
    oracle = "[yellow], an oracle's: chosen with the reference[/]" if drawn.oracle else ""
    yield "slice", f"{drawn.plane.axis.name.lower()} {drawn.plane.index} (RAS+){oracle}"
    for name, item in (("box", drawn.box), ("outline", drawn.polygon)):
        if isinstance(item, Failure):
            yield name, f"[red]{item.reason.value}[/]: {plain(item.detail)}"
        elif isinstance(item, NoTumour):
            yield name, "no tumour found"
    if drawn.box_vox and drawn.size_mm:
        yield "box", _box_words(drawn.box_vox, drawn.size_mm)
    if drawn.polygon_mm:
        yield "outline", f"{' '.join(map(_numbers, drawn.polygon_mm))} mm (RAS+)"
        yield "", f"voxels {' '.join(map(_numbers, drawn.polygon_vox))}"


def _box_words(box: Box3D, size_mm: Voxel) -> str:
    corners = f"voxels {_numbers(box.start, 0)} to {_numbers(box.stop, 0)}"
    return f"{corners}, {_numbers(size_mm)} mm"


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]


def _numbers(values: Sequence[float], digits: int = 1) -> str:
    return "(" + ", ".join(f"{value:.{digits}f}" for value in values) + ")"
