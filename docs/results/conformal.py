"""Print how often sets of grades hold the true one, by site, on patients that the grader has not learned from.

    python docs/results/conformal.py work/grader --coverage 0.8 0.9 0.95

The run is of gliobench train grader, or any folder whose out_of_fold.json lists objects with `patient_id`,
`site`, `grade`, `logit` and `fold`. The limits for a fold's patients are fitted on those of the other folds,
as an exported grader's are on all; `other sites` fits them on the other sites alone, for which the sets
promise nothing.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.special import expit

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.conformal import fit_conformal_sets
from gliobench.domain.statistics.estimate import Estimate, Interval
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.studies.study import Grade

Rows = Sequence[dict]


def main() -> None:
    """Print a table for each coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="of gliobench train grader")
    parser.add_argument("--coverage", type=float, nargs="+", default=[0.9])
    given = parser.parse_args()
    rows = [row for row in json.loads((given.run / "out_of_fold.json").read_text()) if row["grade"]]
    for coverage in given.coverage:
        print(f"\n### Stated: {coverage:.0%}\n")
        print_table("other folds", rows, by=lambda row: row["fold"], coverage=coverage)
        if len({row["site"] for row in rows}) > 1:
            print()
            print_table("other sites", rows, by=lambda row: row["site"], coverage=coverage)


def print_table(name: str, rows: Rows, *, by: Callable[[dict], object], coverage: float) -> None:
    """Print coverage and sizes of the sets, for all patients and by site."""
    sets = {}
    for part in {by(row) for row in rows}:
        others = [row for row in rows if by(row) != part]
        try:
            limits = fitted(others, coverage)
        except InvalidInputError:  # the others have one grade only
            continue
        sets |= {
            row["patient_id"]: limits.grades(float(expit(row["logit"])))
            for row in rows
            if by(row) == part
        }
    print(f"| limits from {name} | n | covered | LGG | HGG | one | both | neither |")
    print("|---|---|---|---|---|---|---|---|")
    sites = sorted({str(row["site"]) for row in rows})
    for site in ("all", *sites):
        members = [
            row for row in rows if site in ("all", str(row["site"])) and row["patient_id"] in sets
        ]
        if members:
            print_row(site, members, [sets[row["patient_id"]] for row in members])


def fitted(rows: Rows, coverage: float):
    """Fit the limits of both grades."""
    return fit_conformal_sets(
        reference=np.array([row["grade"] == "HGG" for row in rows]),
        probability=expit(np.array([row["logit"] for row in rows], dtype=float)),
        coverage=coverage,
    )


def print_row(site: str, rows: Rows, sets: Sequence[tuple[Grade, ...]]) -> None:
    """Print one site."""
    held = [Grade(row["grade"]) in kept for row, kept in zip(rows, sets, strict=True)]
    of_grades = [
        [is_held for is_held, row in zip(held, rows, strict=True) if row["grade"] == grade.value]
        for grade in Grade
    ]
    cells = [share(part) for part in (held, *of_grades)]
    sizes = [len(kept) for kept in sets]
    cells += [str(sizes.count(size)) for size in (1, 2, 0)]
    print(f"| {site} | {len(rows)} | {' | '.join(cells)} |")


def share(held: Sequence[bool]) -> str:
    """Write a share with Wilson's interval."""
    found = wilson(successes=sum(held), n=len(held))
    if not isinstance(found, Estimate) or not isinstance(found.interval, Interval):
        return "–"
    return f"{found.value:.2f} ({found.interval.low:.2f}–{found.interval.high:.2f})"


if __name__ == "__main__":
    main()
