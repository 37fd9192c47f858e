"""The options of commands that divide a report by a user's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

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


def with_metadata(
    settings: Settings, metadata: str | None, subgroups: Sequence[str] | None
) -> Settings:
    """Return settings with the table and the columns of the options.

    Raises:
        InvalidInputError: A cut is no number.
    """
    given: dict[str, object] = {} if metadata is None else {"metadata": metadata}
    if subgroups:
        named = (text.partition("=") for text in subgroups)
        given["subgroups"] = {
            name.strip(): cuts if equals else "true" for name, equals, cuts in named
        }
    if not given:
        return settings
    held = settings.report.model_dump(exclude_unset=True)
    return changed(settings, {"report": {**held, **given}})
