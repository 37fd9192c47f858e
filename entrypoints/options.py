"""Options that several commands share, and what they set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar, get_type_hints

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
ExcludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="SERIES",
        help="DICOM segmentation to leave out, by the id or UID of its series. May be repeated.",
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
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class DicomOptions:
    """How DICOM files are read."""

    series: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODALITY=SERIES",
            help="DICOM: declare which series a modality is, by its id of 'gliobench dataset series' or its UID; "
            "mask=SERIES a reference mask, exclude=SERIES leaves one out; or a CSV file with columns series and modality. May be repeated.",
        ),
    ] = None
    allow_burned_in: Annotated[
        bool,
        typer.Option(
            "--allow-burned-in",
            help="DICOM: read images with burnt-in annotations, which may name the patient.",
        ),
    ] = False

    def adopt(self) -> None:
        """Work under settings with these options from now on.

        Raises:
            InvalidInputError: A value is wrong.
        """
        settings = container.settings()
        given: dict[str, object] = {}
        if self.series:
            given["series"] = [*settings.dicom.series, *self.series]
        if self.allow_burned_in:
            given["allow_burned_in"] = True
        if given:
            adopt(with_table(settings, "dicom", given))


@dataclass(frozen=True, slots=True)
class SubgroupOptions:
    """The user's table, and what divides the cohort by it."""

    metadata: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="CSV, TSV or Parquet table about studies or patients, for subgroups; "
            "default: the setting report.metadata.",
        ),
    ] = None
    subgroup: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN[=CUTS]",
            help="Column of the table that divides the cohort, with the numbers where bins begin: "
            "age=40,60; added to those of the setting report.subgroups; may be repeated.",
        ),
    ] = None

    def on(self, settings: Settings) -> Settings:
        """Return settings with these options.

        Raises:
            InvalidInputError: A cut is no number.
        """
        given: dict[str, object] = {} if self.metadata is None else {"metadata": self.metadata}
        if self.subgroup:
            named = (text.partition("=") for text in self.subgroup)
            given["subgroups"] = {
                name.strip(): cuts if equals else "true" for name, equals, cuts in named
            }
        return with_table(settings, "report", given) if given else settings


@dataclass(frozen=True, slots=True)
class TableOptions(SubgroupOptions):
    """The same, and what is graded in place of LGG and HGG."""

    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Grade this column of the table, not LGG or HGG: idh=mutant, or of numbers "
            "'survival_days=>365'.",
        ),
    ] = None

    def on(self, settings: Settings) -> Settings:
        """Return settings with these options.

        Raises:
            InvalidInputError: A cut is no number, or the target no column with a value.
        """
        if self.target is not None:
            rule = TargetRule.parse(self.target)
            chosen = {"column": rule.column, "positive": rule.positive}
            settings = with_table(settings, "target", chosen)
        return SubgroupOptions.on(self, settings)


def adopt_prepare(enabled: bool, brain_mask: Path | None = None) -> None:
    """Work under settings with these options of preparing from now on.

    Raises:
        InvalidInputError: A value is wrong.
    """
    given = {} if brain_mask is None else {"brain_mask": str(brain_mask)}
    if enabled or given:
        adopt(with_table(container.settings(), "prepare", {"enabled": True, **given}))


def grouped(command: Callable[..., R]) -> Callable[..., R]:
    """Let typer give a command the dataclasses that it takes: each of their fields is an option."""
    given = signature(command, eval_str=True).parameters.values()
    kinds: dict[str, type] = {item.name: item.annotation for item in given}
    groups = {name: kind for name, kind in kinds.items() if is_dataclass(kind)}
    options = [
        option.replace(kind=Parameter.KEYWORD_ONLY)
        for item in given
        for option in (_options_of(groups[item.name]) if item.name in groups else [item])
    ]

    @wraps(command)
    def ungrouped(**values: object) -> R:
        for name, group in groups.items():
            values[name] = group(**{item.name: values.pop(item.name) for item in fields(group)})
        return command(**values)

    ungrouped.__signature__ = Signature(options)  # type: ignore[attr-defined]  # typer reads it
    ungrouped.__annotations__ = {option.name: option.annotation for option in options}
    return ungrouped


def _options_of(group: type) -> list[Parameter]:
    kinds = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            item.name, Parameter.KEYWORD_ONLY, default=item.default, annotation=kinds[item.name]
        )
        for item in fields(group)
    ]
