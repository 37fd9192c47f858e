"""Print the held-out tables of the networks of slices from their training run.

    GLIOBENCH_SLICE_SPACING_MM=1.0714 gliobench train slices ../shared/data/t1ce_slices --out work/slices
    python docs/results/slice_cross_validation.py work/slices

Every number is of patients that the networks in question did not learn from, end to end: the grader
sees the crop about the predicted tumour. A tumour that is not found misses, has a Dice and an IoU of
0, and counts as the wrong grade; centre errors are of those found. Intervals are 95 %: bootstraps
over patients, AUROC's stratified by grade, and Wilson's for proportions.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from cross_validation import MIXED_SITES, Rows, mean_of, print_grades, site_only

from gliobench.domain.statistics.temperature import fit_temperature

MEASURES = ("dice_WT", "hit", "box_iou", "centre_error_mm")
SURE = 1e3
"""The log-odds of a failure: a wrong grade with a probability near 1."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="of gliobench train slices")
    rows = json.loads((parser.parse_args().run / "out_of_fold.json").read_text())
    print("## Localizer\n")
    print_localizer(rows)
    print("\n## Grader\n")
    print_grader(rows)


def print_localizer(rows: Rows) -> None:
    """Means over patients."""
    groups = {"all": rows}
    groups |= {grade: [row for row in rows if row["grade"] == grade] for grade in ("HGG", "LGG")}
    groups["mixed sites"] = [row for row in rows if row["site"] in MIXED_SITES]
    groups |= {f"fold {n}": [row for row in rows if row["fold"] == n] for n in range(5)}
    print("| patients | n | found | " + " | ".join(MEASURES) + " | median centre_error_mm |")
    print("|---" * (len(MEASURES) + 4) + "|")
    for group, members in groups.items():
        found = [row for row in members if row["found"]]
        cells = [mean_of(found if name.endswith("_mm") else members, name) for name in MEASURES]
        median = np.median([row["centre_error_mm"] for row in found])
        print(f"| {group} | {len(members)} | {len(found)} | {' | '.join(cells)} | {median:.1f} |")


def print_grader(rows: Rows) -> None:
    """Grader beside what the site gives away, in the same folds."""
    print(
        "| grader | patients | n | AUROC | sensitivity (HGG) | specificity (LGG) | balanced accuracy |"
    )
    print("|---" * 7 + "|")
    for name, scores in (
        ("localizer, then 2D CNN", list(map(log_odds, rows))),
        ("site alone", site_only(rows)),
    ):
        print_grades(name, "all", rows, scores)
        mixed = [n for n, row in enumerate(rows) if row["site"] in MIXED_SITES]
        print_grades(name, "mixed sites", [rows[n] for n in mixed], [scores[n] for n in mixed])
    known = [row for row in rows if row["logit"] is not None]
    temperature = fit_temperature(
        reference=np.array([row["grade"] == "HGG" for row in known]),
        logit=np.array([row["logit"] for row in known]),
    )
    print(f"\nTemperature of the grader: {temperature:.2f}")


def log_odds(row: dict) -> float:
    """Return the grader's log-odds, or those of a wrong grade where there was nothing to grade."""
    if row["logit"] is not None:
        return row["logit"]
    return -SURE if row["grade"] == "HGG" else SURE


if __name__ == "__main__":
    main()
