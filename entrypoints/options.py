"""Options that several commands share, and what they set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gliobench.domain.studies.target_rule import TargetRule
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.settings import Settings, with_table

file_option = partial(typer.Option, metavar="FILE")
"""An option that names a file; arguments as of `typer.Option`."""
RunsArgument: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN...", help="Folder or URL of a run, or of several runs written by 'evaluate'."
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReportJsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the report as JSON.")
]
LimitOption: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, help="Process only the first studies.")
]
WorkersOption: TypeAlias = Annotated[
    int | None, typer.Option("--workers", help="Number of parallel processes.")
]
PartialOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-partial", help="Merge even if shards are missing; the report is stamped."
    ),
]
MeasuresOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--measures",
        metavar="SETS",
        help="Also compute the lesion-wise scores of brats2023, brats2026, both or none; default: those of "
        "the task that the label convention names.",
    ),
]
MetadataOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--metadata",
        metavar="FILE",
        help="CSV, TSV or Parquet table about studies or patients, for subgroups; "
        "default: the setting report.metadata.",
    ),
]
SubgroupOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--subgroup",
        metavar="COLUMN[=CUTS]",
        help="Column of the table that divides the cohort, with the numbers where bins begin: "
        "age=40,60; added to those of the setting report.subgroups; may be repeated.",
    ),
]
TargetOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="COLUMN=VALUE",
        help="Grade this column of the table, not LGG or HGG: idh=mutant, or of numbers "
        "'survival_days=>365'.",
    ),
]
SeriesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        metavar="MODALITY=SERIES",
        help="DICOM: declare which series a modality is, by its id of 'gliobench dataset series' or its UID; "
        "mask=SERIES a reference mask, exclude=SERIES leaves one out; or a CSV file with columns series and modality. May be repeated.",
    ),
]
ExcludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="SERIES",
        help="DICOM segmentation to leave out, by the id or UID of its series. May be repeated.",
    ),
]
BurnedInOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-burned-in",
        help="DICOM: read images with burnt-in annotations, which may name the patient.",
    ),
]
PrepareOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--prepare",
        help="Prepare raw images: register them, extract the brain. Answers are on the grid of the T1c as it "
        "was.",
    ),
]
BrainMaskOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--brain-mask",
        metavar="FILE",
        help="Prepare with this mask of the brain, NIfTI on the grid of one of the images.",
    ),
]


def adopt_dicom(series: Sequence[str] | None, allow_burned_in: bool) -> None:
    """Work under settings with these options of DICOM from now on.

    Raises:
        InvalidInputError: A value is wrong.
    """
    settings = container.settings()
    given: dict[str, object] = {"series": [*settings.dicom.series, *series]} if series else {}
    if allow_burned_in:
        given["allow_burned_in"] = True
    if given:
        adopt(with_table(settings, "dicom", given))


def adopt_prepare(enabled: bool, brain_mask: Path | None = None) -> None:
    """Work under settings with these options of preparing from now on.

    Raises:
        InvalidInputError: A value is wrong.
    """
    given = {} if brain_mask is None else {"brain_mask": str(brain_mask)}
    if enabled or given:
        adopt(with_table(container.settings(), "prepare", {"enabled": True, **given}))


def with_metadata(
    settings: Settings,
    metadata: str | None,
    subgroups: Sequence[str] | None,
    target: str | None = None,
) -> Settings:
    """Return settings with the table, the columns and the target of the options.

    Raises:
        InvalidInputError: A cut is no number, or the target no column with a value.
    """
    if target is not None:
        rule = TargetRule.parse(target)
        chosen = {"column": rule.column, "positive": rule.positive}
        settings = with_table(settings, "target", chosen)
    given: dict[str, object] = {} if metadata is None else {"metadata": metadata}
    if subgroups:
        named = (text.partition("=") for text in subgroups)
        given["subgroups"] = {
            name.strip(): cuts if equals else "true" for name, equals, cuts in named
        }
    return with_table(settings, "report", given) if given else settings
