"""How well each part of a cohort is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gliobench.domain.comparison.paired_grades import NOT_GRADED, GradedStudies
from gliobench.domain.comparison.result import Stratum, StratumRow
from gliobench.domain.comparison.strata import Stratifier, stratify
from gliobench.domain.evaluation.localisation_rows import localisation_rows
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Measured
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson


def part_cohort(cases: Mapping[str, Sequence[CaseScore]], *, seed: int) -> Iterator[Stratum]:
    """Part the shared studies, and score every run in every part.

    Args:
        cases: By run, in the same order.
        seed: Of the bootstrap intervals.
    """
    first = next(iter(cases.values()))
    for by in Stratifier:
        parts = stratify(first, by)
        for name in parts.names:
            members = np.flatnonzero(parts.members(name)).tolist()
            rows = (
                _stratum_row(arm, [scores[at] for at in members], seed=seed)
                for arm, scores in cases.items()
            )
            yield Stratum(by, name, parts.edges, parts.unit, tuple(rows))


def _stratum_row(arm: str, cases: Sequence[CaseScore], *, seed: int) -> StratumRow:
    studies = GradedStudies.of({arm: cases})
    accuracy: Measured = NOT_GRADED if arm not in studies.called else UNMEASURED
    balanced = accuracy
    if studies.has(arm):
        right, hgg = studies.right(arm), studies.hgg
        accuracy, found, spared = (
            wilson(successes=int(part.sum()), n=len(part))
            for part in (right, right[hgg], right[~hgg])
        )
        balanced = mean_of_proportions(found, spared)
    rows = localisation_rows([_points_only(case) for case in cases], answered_only=False, seed=seed)
    error = next((row.measures.get(Measure.ERROR_MM, UNMEASURED) for row in rows), UNMEASURED)
    return StratumRow(arm, len(cases), accuracy, balanced, error)


def _points_only(case: CaseScore) -> CaseScore:
    points: dict[Form, FormOutcome] = {
        form: one for form, one in case.localisation.items() if form is Form.POINT
    }
    return replace(case, localisation=points)
