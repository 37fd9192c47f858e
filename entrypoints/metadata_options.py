"""The options of commands that divide a report by a user's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer
from pydantic import BaseModel

from gliobench.domain.studies.target_rule import TargetRule
from gliobench.entrypoints.settings import Settings, changed

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
        settings = changed(settings, {"target": {**_set(settings.target), **chosen}})
    given: dict[str, object] = {} if metadata is None else {"metadata": metadata}
    if subgroups:
        named = (text.partition("=") for text in subgroups)
        given["subgroups"] = {
            name.strip(): cuts if equals else "true" for name, equals, cuts in named
        }
    if not given:
        return settings
    return changed(settings, {"report": {**_set(settings.report), **given}})


def _set(table: BaseModel) -> dict[str, object]:
    return table.model_dump(exclude_unset=True)
