"""Print how the shipped networks do at a hospital that none of them has learned from.

    python docs/results/external.py ../shared/data/ucsf work/external

Meant to be run once, when everything else is settled: a hospital that one looks at again and again is one
that one chooses by. Means are over all studies; a tumour that is not found has a Dice and an IoU of 0.
"""

import argparse
from pathlib import Path

import numpy as np

import gliobench as gb

BACKENDS = ("cnn-onnx", "cnn-intensity-onnx")
MEASURES = {
    "mask_WT_dice": 2,
    "mask_TC_dice": 2,
    "mask_ET_dice": 2,
    "mask_WT_hd95_mm": 1,
    "box_3d_iou": 2,
    "point_3d_error_mm": 1,
    "confidence": 2,
}


def main() -> None:
    """Evaluate, and print a table for each backend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    evaluation = gb.evaluate(given.studies, BACKENDS, given.out, labels="brats-gli-2017")
    for name in BACKENDS:
        print_cases(name, evaluation.cases(name).to_arrow().to_pylist())


def print_cases(name: str, rows: list[dict]) -> None:
    """Print each study, then the means and how many grades are right."""
    print(f"\n### {name}\n")
    print(f"| study | grade | P(HGG) | {' | '.join(MEASURES)} |")
    print("|---" * (3 + len(MEASURES)) + "|")
    for row in rows:
        odds = row["probability_hgg"]
        cells = [written(row[measure], digits) for measure, digits in MEASURES.items()]
        print(
            f"| {row['study_id']} | {row['reference_grade']} | {written(odds, 2)} | {' | '.join(cells)} |"
        )
    means = [
        written(float(np.mean([row[measure] for row in rows if row[measure] is not None])), digits)
        for measure, digits in MEASURES.items()
    ]
    right = sum(row["grade"] == row["reference_grade"] for row in rows)
    print(f"| mean | {right} of {len(rows)} right | | {' | '.join(means)} |")


def written(value: float | None, digits: int) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
