"""Print how the localizer's held-out scores depend on the probability from which a voxel is tumour.

    python docs/results/localizer_threshold.py work/localizer work/studies

Each study is segmented by the network of the fold that held it out. The last row is what choosing
costs: for each fold the threshold that has the best mean Dice on the other folds, scored on it.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from gliobench.adapters.monai.localizer_trainer import localizer_scores
from gliobench.adapters.monai.torch_network import UNTOLD, trained_localizer
from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.backends.tumour_finder import tumour_probabilities
from gliobench.domain.networks.input import LocalizerGeometry, tumour_regions
from gliobench.domain.studies.study import Study

THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
MEASURES = ("dice_WT", "dice_TC", "dice_ET", "box_iou", "centre_error_mm")
Rows = list[dict]


def main() -> None:
    """Score all thresholds, then the choice among them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="of gliobench train localizer")
    parser.add_argument("studies", type=Path)
    given = parser.parse_args()
    scored = scores(given.run, given.studies)
    print("| threshold | n | " + " | ".join(MEASURES) + " |")
    print("|---" * (len(MEASURES) + 2) + "|")
    for threshold, rows in scored.items():
        print_row(f"{threshold:.2f}", rows)
    print_row("chosen on the other folds", chosen(scored))


def scores(run: Path, studies: Path) -> dict[float, Rows]:
    """Score every study at every threshold."""
    folds = json.loads((run / "folds.json").read_text())
    networks = {
        fold: trained_localizer(run / f"fold-{fold}", UNTOLD) for fold in set(folds.values())
    }
    source, geometry = BratsStudySource(studies), LocalizerGeometry()
    scored: dict[float, Rows] = {threshold: [] for threshold in THRESHOLDS}
    for study_id in source.study_ids():
        study, reference = source.study(study_id), source.reference(study_id)
        fold = folds[study.patient_id]
        likely = tumour_probabilities(networks[fold], study)
        for threshold, rows in scored.items():
            found = found_at(threshold, likely, study, geometry)
            scores = localizer_scores(study, reference=reference.regions, prediction=found)
            rows.append({"fold": fold, **scores})
    return scored


def found_at(threshold: float, likely: np.ndarray, study: Study, geometry: LocalizerGeometry):
    """Take the voxels that are likely enough for tumour."""
    return tumour_regions(
        likely, spacing_mm=geometry.spacing_mm, grid=study.grid, threshold=threshold
    )


def chosen(scored: dict[float, Rows]) -> Rows:
    """Take each fold's rows at the threshold that is best on the others."""
    picked: Rows = []
    for fold in sorted({row["fold"] for row in scored[0.5]}):
        others = {
            threshold: np.mean([row["dice_WT"] for row in rows if row["fold"] != fold])
            for threshold, rows in scored.items()
        }
        best = max(others, key=others.__getitem__)
        picked += [row for row in scored[best] if row["fold"] == fold]
    return picked


def print_row(name: str, rows: Rows) -> None:
    """Print means over studies; centre errors are of tumours found."""
    known = [[row[item] for row in rows if row[item] is not None] for item in MEASURES]
    cells = [
        f"{np.mean(values):.{2 if item.endswith('mm') else 3}f}"
        for item, values in zip(MEASURES, known, strict=True)
    ]
    print(f"| {name} | {len(rows)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
