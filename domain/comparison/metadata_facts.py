"""What a report says of the table that a user has joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.domain.comparison.strata import Strata
from gliobench.domain.messages import printable
from gliobench.domain.studies.metadata_join import JoinedMetadata

MOST_NAMED = 100
"""So many rows without a study are named."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column that divides the cohort.

    Args:
        name: Its heading.
        n_unknown: Studies without a value, or without a number where it is cut into bins.
    """

    name: str
    n_unknown: int


@dataclass(frozen=True, slots=True)
class MetadataFacts:
    """How a user's table was joined to the studies.

    Args:
        sha256: Of the file.
        id_column: Heading of the column by which it was joined.
        by_patient: Whether that column names patients rather than studies.
        n_rows: Rows of the table.
        n_unmatched: Rows that name no study of the report.
        unmatched_rows: Their numbers as in a spreadsheet, the header being row 1; at most `MOST_NAMED`.
        n_without_row: Studies of the report that no row names.
        columns: Those that divide the cohort.
    """

    sha256: str
    id_column: str
    by_patient: bool
    n_rows: int
    n_unmatched: int
    unmatched_rows: tuple[int, ...]
    n_without_row: int
    columns: tuple[ColumnFacts, ...]

    @classmethod
    def of(cls, joined: JoinedMetadata, strata: Sequence[Strata]) -> MetadataFacts:
        """Describe a table and the subgroups that its columns gave."""
        table = joined.table
        return cls(
            sha256=table.sha256,
            id_column=printable(table.headings[joined.id_column]),
            by_patient=joined.by_patient,
            n_rows=len(table.rows),
            n_unmatched=len(joined.unmatched),
            unmatched_rows=joined.unmatched[:MOST_NAMED],
            n_without_row=sum(row is None for row in joined.rows),
            columns=tuple(ColumnFacts(by.by, int((by.part < 0).sum())) for by in strata),
        )
