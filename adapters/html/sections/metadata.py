"""Sentences on the table that a user has joined."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.numbers import count, listed
from gliobench.domain.comparison.metadata_facts import MetadataFacts

NAMED = 12
"""Up to this many rows are listed; more are only counted."""


def metadata_words(found: MetadataFacts | None) -> Iterator[str]:
    """State how the table was joined, and what was unknown in it; nothing without a table."""
    if found is None:
        return
    whose = "patients" if found.by_patient else "studies"
    text = f"Metadata: {count(found.n_rows, 'row')}, joined by {found.id_column} ({whose})."
    if found.n_unmatched:
        named = found.n_unmatched <= NAMED
        rows = f" (row {listed([str(row) for row in found.unmatched_rows])})" if named else ""
        text += f" {count(found.n_unmatched, 'row')} matched no study{rows}."
    if found.n_without_row:
        text += f" {_studies(found.n_without_row)} without a row: unknown in every column."
    yield text
    unknown = [f"{item.name} in {item.n_unknown:,}" for item in found.columns if item.n_unknown]
    if unknown:
        yield f"Unknown, and in no subgroup: {listed(unknown)} studies."
    if not found.columns:
        yield "No column suited: name those that divide the cohort, --subgroup COLUMN."


def _studies(n: int) -> str:
    return "1 study is" if n == 1 else f"{n:,} studies are"
