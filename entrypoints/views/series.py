"""Output of `gliobench dataset series`: table, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from gliobench.application.datasets.dicom_series import DicomContent, StudySeries
from gliobench.domain.files.tables import write_csv
from gliobench.domain.studies.mask_choice import CHOICE, StudyMask
from gliobench.domain.studies.series import Judgement, Series
from gliobench.entrypoints.terminal import plain, say

_COLUMNS = ("study", "series", "modality", "no", "description", "images", "confidence", "reason")


def series_json(content: DicomContent) -> dict[str, Any]:
    """Return the series as JSON values."""
    return {
        "studies": [
            {
                "study": study.study_id,
                "patient": study.patient_id,
                "site": study.site,
                "scanner": study.scanner,
                "fault": study.fault or None,
                "questions": list(study.questions),
                "series": [_facts(study, *pair) for pair in _judged(study)],
                "masks": [_mask_facts(study, *pair) for pair in _masks(study)],
            }
            for study in content.studies
        ],
        "passed_over": dict(content.passed_over),
    }


def series_csv(content: DicomContent) -> str:
    """Return the table as CSV: a modality is given where it is settled."""
    return write_csv(
        _COLUMNS,
        (
            [value if value is not None else "" for value in row]
            for study in content.studies
            for row in (*_rows(study), *_mask_rows(study))
        ),
    )


def print_series(content: DicomContent) -> None:
    """Print the series of each study, what is in doubt, and what was passed over."""
    for study in content.studies:
        say(f"{study.study_id} of {study.patient_id}, {study.site or 'no site'}, {study.scanner}")
        table = Table(box=None, pad_edge=False)
        for name in _COLUMNS[1:]:
            table.add_column(name, overflow="fold")
        for row, (_, found) in zip(_rows(study), _judged(study), strict=True):
            if not row[2] and found.modality and found.modality in study.choice.questions:
                row[2] = f"{found.modality.value}?"
            table.add_row(*("" if value is None else plain(value) for value in row[1:]))
        for row in _mask_rows(study):
            table.add_row(*("" if value is None else plain(value) for value in row[1:]))
        Console().print(table)
        if study.fault:
            say(f"fault: {study.fault}")
        for question in study.questions:
            say(f"in doubt: {question}")
    for reason, count in content.passed_over.items():
        say(f"passed over: {reason}: {count}")


def _judged(study: StudySeries) -> Iterator[tuple[Series, Judgement]]:
    yield from zip(study.choice.series, study.choice.judgements, strict=True)


def _rows(study: StudySeries) -> Iterator[list[Any]]:
    for series, found in _judged(study):
        used = study.choice.modality_of(series)
        reason = (
            f"{found.reason}; {series.flaw}" if series.flaw and found.modality else found.reason
        )
        yield [
            study.study_id,
            series.id,
            used.value if used else None,
            series.number,
            series.shown,
            series.n_images,
            found.confidence.value,
            reason,
        ]


def _masks(study: StudySeries) -> Iterator[tuple[StudyMask, str]]:
    yield from zip(study.masks.masks, study.masks.reasons, strict=True)


def _mask_rows(study: StudySeries) -> Iterator[list[Any]]:
    for mask, reason in _masks(study):
        used = CHOICE if mask in study.masks.chosen else None
        yield [study.study_id, mask.id, used, mask.number, mask.shown, None, None, reason]


def _mask_facts(study: StudySeries, mask: StudyMask, reason: str) -> dict[str, Any]:
    return {
        "series": mask.id,
        "number": mask.number,
        "segments": mask.shown,
        "used": mask in study.masks.chosen,
        "algorithm": mask.algorithm or None,
        "reason": reason,
        "flaw": mask.flaw or None,
    }


def _facts(study: StudySeries, series: Series, found: Judgement) -> dict[str, Any]:
    used = study.choice.modality_of(series)
    return {
        "series": series.id,
        "number": series.number,
        "description": series.shown,
        "images": series.n_images,
        "shape": series.shape,
        "spacing_mm": series.spacing_mm,
        "modality": used.value if used else None,
        "candidate": found.modality.value if found.modality else None,
        "confidence": found.confidence.value,
        "reason": found.reason,
        "flaw": series.flaw or None,
    }
