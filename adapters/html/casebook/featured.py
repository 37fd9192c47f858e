"""The six cases of a report's first screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.casebook.rows import CaseRow, Cell, GradeOutcome

OF_A_KIND = 2


@dataclass(frozen=True, slots=True)
class FeaturedCase:
    """A case to open from elsewhere on the page.

    Args:
        number: Its position in the table.
        study_id: The study.
        kind: Why it is shown.
        caption: Its reference grade and the models' grades, in a few words.
    """

    number: int
    study_id: str
    kind: str
    caption: str


def featured_cases(rows: Sequence[CaseRow], models: list[int]) -> tuple[FeaturedCase, ...]:
    """Choose two worst cases, two on which several models disagree, and two typical ones.

    Args:
        rows: Worst first; those without a picture are never chosen.
        models: Positions of the backends that count.

    Returns:
        Each case once; fewer than six where there are fewer.
    """
    shown = [n for n, row in enumerate(rows) if row.picture]
    middle = (len(shown) - 1) / 2
    correct = [n for n in shown if GradeOutcome.RIGHT in rows[n].outcomes(models)]
    orders = (
        ("Worst", shown),
        ("Disagreement", [n for n in correct if rows[n].n_wrong(models)]),
        ("Typical", sorted(shown, key=lambda n: abs(shown.index(n) - middle))),
    )
    chosen: dict[int, FeaturedCase] = {}
    for kind, order in orders:
        for number in [n for n in order if n not in chosen][:OF_A_KIND]:
            row = rows[number]
            chosen[number] = FeaturedCase(number, row.study_id, kind, _caption(row, models))
    return tuple(chosen.values())


def _caption(row: CaseRow, models: list[int]) -> str:
    """Return the reference grade and the models' grades, or else the largest centre error."""
    n_graded = len(models) - row.outcomes(models).count(GradeOutcome.UNKNOWN)
    wrong = row.n_wrong(models)
    errors = [cell for n in models if (cell := row.answers[n].centre).key is not None]
    if n_graded == 1:
        result = "wrong" if wrong else "correct"
    elif n_graded:
        result = f"{wrong} of {n_graded} wrong" if wrong else "all correct"
    else:
        worst = max(errors, key=lambda cell: cell.key or 0, default=Cell())
        result = f"centre error {worst.brief}" * bool(errors)
    return ": ".join(filter(None, (row.grade, result)))
