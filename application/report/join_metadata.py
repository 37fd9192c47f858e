"""Join a user's table to the studies of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.domain.comparison.column_strata import ColumnChoice, column_strata
from gliobench.domain.comparison.metadata_facts import MetadataFacts
from gliobench.domain.comparison.strata import Strata
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.metadata_join import JoinedMetadata, join


@dataclass(frozen=True, slots=True)
class JoinMetadata:
    """Joins one table.

    Args:
        table: The table.
        id_column: The column to join by; None takes the one with a usual name.
        chosen: The columns that divide the cohort; none takes those that suit.
    """

    table: MetadataTable
    id_column: str | None = None
    chosen: tuple[ColumnChoice, ...] = ()

    def __call__(
        self, cases: CaseTable, target: GradingTarget = GRADE
    ) -> tuple[list[Strata], MetadataFacts]:
        """Divide studies by the columns of the table.

        Raises:
            InvalidInputError: As `join` and `column_strata`.
        """
        joined = self.joined(cases.study_ids.tolist(), cases.patients.tolist())
        strata = column_strata(joined, self.chosen, target)
        return strata, MetadataFacts.of(joined, strata)

    def joined(self, study_ids: Sequence[str], patients: Sequence[str]) -> JoinedMetadata:
        """Find each study's row; raises what `join` does."""
        return join(self.table, study_ids, patients, id_column=self.id_column)
