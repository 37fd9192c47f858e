"""How one study's prediction is shown: JSON for scripts, a report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from gliobench.application.predict.observations import (
    DISCLAIMER,
    file_slice,
    observations,
    warnings_of,
)
from gliobench.application.predict.study_reading import NoPlace, Place
from gliobench.domain.geometry.orientation import axis_codes
from gliobench.domain.predictions.prediction import Failure, GradePrediction, NoTumour
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.terminal import plain

if TYPE_CHECKING:
    from gliobench.application.predict.study_reading import OnSlice, StudyReading
    from gliobench.domain.geometry.grids import Box3D
    from gliobench.domain.labels.convention import LabelConvention
    from gliobench.domain.position.lesion import Lesion
    from gliobench.domain.studies.faults import Fault
    from gliobench.domain.studies.study import Study

APPROXIMATE = (
    "approximate: landmarks of the MNI152 template, scaled to the extent of the brain; wrong by a "
    "centimetre or more where the brain is deformed"
)


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
        "implausible": _faults(reading.implausible),
        "out_of_scope": _faults(reading.out_of_scope),
        "input": _input(reading.study),
        "grade": _grade(reading.grade),
        "localisation": _place(reading.place),
        "lesion": _lesion(reading.study, reading.lesion) if reading.lesion else None,
        **({"slice": _slice(reading.on_slice)} if reading.on_slice else {}),
        "files": dict(written),
        **({"mask_labels": mask_labels.values()} if mask_labels and "mask" in written else {}),
        "disclaimer": DISCLAIMER,
    }


def print_prediction(reading: StudyReading, written: Mapping[str, str]) -> None:
    """Print the prediction as a radiological report: warnings, observations, files."""
    console = Console()
    console.print(f"[bold]{plain(reading.study.id)}[/]: {plain(reading.backend.name)}")
    for warning in warnings_of(reading):
        console.print(f"[yellow]! {plain(warning)}[/]")
    report = Table.grid(padding=(0, 2))
    report.add_column(style="dim", no_wrap=True)
    report.add_column(overflow="fold")
    for item in observations(reading):
        report.add_row(
            item.title, f"[red]{plain(item.text)}[/]" if item.is_failure else plain(item.text)
        )
    for number, path in enumerate(written.values()):
        report.add_row("" if number else "Files", plain(path))
    console.print(report)
    console.print(DISCLAIMER, style="dim")


def _faults(found: Sequence[Fault]) -> list[dict[str, str]]:
    return [{"kind": fault.kind.value, "detail": fault.detail} for fault in found]


def _unanswered(item: object) -> dict[str, Any] | None:
    """Return a failure, or that no tumour was found; None of an answer, and without one."""
    if isinstance(item, Failure):
        said = {} if item.raw is None else {"raw": item.raw}
        return {"failure": {"reason": item.reason.value, "detail": item.detail, **said}}
    if isinstance(item, NoPlace):
        return {"tumour_found": False, "confidence": _share(item.confidence)}
    return {"tumour_found": False} if isinstance(item, NoTumour) else None


def _grade(grade: GradePrediction | Failure | None) -> dict[str, Any] | None:
    if not isinstance(grade, GradePrediction):
        return _unanswered(grade)
    return {
        "grade": grade.grade.value,
        "probability_hgg": grade.probability_hgg,
        "confidence": _share(grade.confidence),
        "conformal": {"coverage": kept.coverage, "grades": [grade.value for grade in kept.grades]}
        if (kept := grade.grade_set)
        else None,
        **({"reasons": [asdict(item) for item in grade.reasons]} if grade.reasons else {}),
    }


def _place(place: Place | NoPlace | Failure | None) -> dict[str, Any] | None:
    if not isinstance(place, Place):
        return _unanswered(place)
    return {
        "tumour_found": True,
        "centre_mm": _rounded(place.centre_mm),
        "centre_vox": _rounded(place.centre_vox),
        "box_vox": _box(place.box_vox),
        "size_mm": _rounded(place.size_mm),
        "volumes_mm3": {region.value: round(v, 1) for region, v in place.volumes_mm3.items()},
        "confidence": _share(place.confidence),
        "region_confidence": {
            region.value: _share(said) for region, said in place.region_confidence.items()
        },
    }


def _input(study: Study) -> dict[str, Any]:
    return {
        "modalities": [modality.value for modality in Modality if modality in study.volumes],
        "absent": [modality.value for modality in study.absent],
        "shape": list(study.file_grid.shape),
        "spacing_mm": _rounded(study.file_grid.spacing_mm),
        "orientation": axis_codes(study.file_grid),
    }


def _lesion(study: Study, lesion: Lesion) -> dict[str, Any]:
    diameters = lesion.diameters
    return {
        "side": lesion.side.value,
        "centre_to_midline_mm": round(lesion.centre_to_midline_mm, 1),
        "edge_to_midline_mm": _tenths(lesion.edge_to_midline_mm),
        "regions": [
            {
                "name": item.name,
                "region": item.region.value,
                "side": item.side.value if item.side else None,
                "share": None if item.share is None else round(item.share, 3),
            }
            for item in lesion.regions
        ],
        "regions_are": APPROXIMATE,
        "no_region": lesion.no_region or None,
        "longest_axial_mm": _tenths(diameters.longest_mm if diameters else None),
        "perpendicular_axial_mm": _tenths(diameters.perpendicular_mm if diameters else None),
        "longest_3d_mm": _tenths(lesion.longest_mm),
        "axial_slice": asdict(file_slice(study, lesion.plane)),
    }


def _slice(drawn: OnSlice) -> dict[str, Any]:
    return {
        "axis": drawn.plane.axis.name.lower(),
        "index": drawn.plane.index,
        "oracle": drawn.oracle,
        "box": _unanswered(drawn.box)
        or {"box_vox": _box(drawn.box_vox), "size_mm": _rounded(drawn.size_mm)},
        "polygon": _unanswered(drawn.polygon)
        or {
            "vertices_mm": [_rounded(item) for item in drawn.polygon_mm],
            "vertices_vox": [_rounded(item) for item in drawn.polygon_vox],
        },
    }


def _box(box: Box3D | None) -> dict[str, list[int]] | None:
    return {"start": list(box.start), "stop": list(box.stop)} if box else None


def _tenths(length_mm: float | None) -> float | None:
    return None if length_mm is None else round(length_mm, 1)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded(values: Sequence[float] | None) -> list[float] | None:
    return [round(value, 3) for value in values] if values else None
