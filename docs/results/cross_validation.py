"""Print the tables of cross_validation.md from two training runs.

    python docs/results/cross_validation.py work/localizer work/grader work/studies \
        ../shared/data/lesion_cubes/lesion_cubes.npz ../shared/data/masks128/masks128.npz

Every number is of patients that the network in question did not learn from. End to end, a study is
segmented by the localizer of its fold and graded, about the predicted tumour, by the grader of the
same fold. Intervals are 95 % percentile bootstraps over patients, AUROC's stratified by grade.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gliobench.adapters.monai.lesions import LesionCube, load_lesion_cubes
from gliobench.adapters.monai.torch_network import UNTOLD, trained_grader, trained_localizer
from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.backends.network_backend import backend_of
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.metrics.classification import Rankings, auroc
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.statistics.estimate import Interval, Measured, NotEstimable
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.statistics.sampling import numbered
from gliobench.domain.statistics.temperature import fit_temperature

MIXED_SITES = ("2013", "TMC")
RESAMPLES = 2000
QUANTILES = np.linspace(0.05, 0.95, 10)
Rows = list[dict]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("localizer", "grader", "studies", "cubes", "masks"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    localizer = json.loads((arguments.localizer / "out_of_fold.json").read_text())
    grader = json.loads((arguments.grader / "out_of_fold.json").read_text())
    cubes = load_lesion_cubes(arguments.cubes, arguments.masks)
    print("## Localizer, whole studies on a 2 mm grid\n")
    print_localizer(localizer)
    print("\n## Grader, lesion cubes\n")
    print_grader(grader, cubes)
    print("\n## End to end: whole study, predicted tumour, grade\n")
    print_end_to_end(arguments.localizer, arguments.grader, arguments.studies)


def print_localizer(rows: Rows) -> None:
    """Means over studies; a tumour not found counts as Dice and IoU of 0."""
    groups = {"all": rows}
    groups |= {grade: [row for row in rows if row["grade"] == grade] for grade in ("HGG", "LGG")}
    groups["mixed sites"] = [row for row in rows if row["site"] in MIXED_SITES]
    names = ["dice_WT", "dice_TC", "dice_ET", "box_iou", "centre_error_mm"]
    print("| studies | n | found | " + " | ".join(names) + " | median centre_error_mm |")
    print("|---" * (len(names) + 4) + "|")
    for group, members in groups.items():
        found = [row for row in members if row["found"]]
        cells = [mean_of(members if name != "centre_error_mm" else found, name) for name in names]
        median = np.median([row["centre_error_mm"] for row in found])
        print(
            f"| {group} | {len(members)} | {len(found)} | "
            + " | ".join(cells)
            + f" | {median:.1f} |"
        )


def mean_of(rows: Rows, name: str) -> str:
    """Write a mean with its interval."""
    values = np.array([row[name] for row in rows], dtype=np.float64)
    estimate = estimate_mean(values, numbered([row["patient_id"] for row in rows]))
    return written(estimate, digits=3)


def written(measured: Measured, *, digits: int) -> str:
    """Write a number with its interval, or a dash."""
    if isinstance(measured, NotEstimable) or not isinstance(measured.interval, Interval):
        return "–"
    ends = (f"{end:.{digits}f}" for end in (measured.interval.low, measured.interval.high))
    return f"{measured.value:.{digits}f} ({' to '.join(ends)})"


def print_grader(rows: Rows, cubes: Sequence[LesionCube]) -> None:
    """Grader beside what is simple, in the same folds."""
    simple = logistic_regression(rows, cubes)
    site = site_only(rows)
    print(
        "| grader | patients | n | AUROC | sensitivity (HGG) | specificity (LGG) | balanced accuracy |"
    )
    print("|---" * 7 + "|")
    for name, scores in (
        ("3D CNN", [row["logit"] for row in rows]),
        ("logistic regression on intensity quantiles", simple),
        ("site alone", site),
    ):
        print_grades(name, "all", rows, scores)
        mixed = [n for n, row in enumerate(rows) if row["site"] in MIXED_SITES]
        print_grades(name, "mixed sites", [rows[n] for n in mixed], [scores[n] for n in mixed])
    reference = np.array([row["grade"] == "HGG" for row in rows])
    logit = np.array([row["logit"] for row in rows])
    print(f"\nTemperature of the grader: {fit_temperature(reference=reference, logit=logit):.2f}")


def print_grades(name: str, patients: str, rows: Rows, scores: Sequence[float]) -> None:
    """Write one row; a score above zero means HGG."""
    hgg = np.array([row["grade"] == "HGG" for row in rows])
    score = np.asarray(scores, dtype=np.float64)
    sensitivity = wilson(successes=int((score[hgg] > 0).sum()), n=int(hgg.sum()))
    specificity = wilson(successes=int((score[~hgg] <= 0).sum()), n=int((~hgg).sum()))
    both = mean_of_proportions(sensitivity, specificity)
    balanced = "–" if isinstance(both, NotEstimable) else f"{both.value:.2f}"
    shares = [written(share, digits=2) for share in (sensitivity, specificity)]
    area = f"{auroc_with_interval(hgg, score)} | {shares[0]} | {shares[1]} | {balanced}"
    print(f"| {name} | {patients} | {len(rows)} ({hgg.sum()} HGG) | {area} |")


def auroc_with_interval(hgg: np.ndarray, score: np.ndarray) -> str:
    """Bootstrap within each grade."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        picked = np.concatenate(
            [
                rng.choice(np.flatnonzero(hgg == grade), (hgg == grade).sum())
                for grade in (True, False)
            ]
        )
        drawn.append(area(hgg[picked], score[picked]))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{area(hgg, score):.3f} ({low:.3f} to {high:.3f})"


def area(hgg: np.ndarray, score: np.ndarray) -> float:
    """Measure the AUROC of any score."""
    return float(auroc(Rankings.of(reference=hgg, probability=ranks(score))).item())


def ranks(score: np.ndarray) -> np.ndarray:
    """Bring scores into [0, 1] in their order: all that AUROC looks at."""
    _, place = np.unique(score, return_inverse=True)
    return place / max(1, place.max())


def logistic_regression(rows: Rows, cubes: Sequence[LesionCube]) -> list[float]:
    """Held-out log-odds from ten intensity quantiles of each modality."""
    by_patient = {cube.patient_id: cube for cube in cubes}
    features = np.array([quantiles(by_patient[row["patient_id"]]) for row in rows])
    hgg = np.array([row["grade"] == "HGG" for row in rows])
    fold = np.array([row["fold"] for row in rows])
    scores = np.zeros(len(rows))
    for held_out in np.unique(fold):
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        )
        model.fit(features[fold != held_out], hgg[fold != held_out])
        scores[fold == held_out] = model.decision_function(features[fold == held_out])
    return scores.tolist()


def quantiles(cube: LesionCube) -> np.ndarray:
    """Describe a cube by the intensities of its brain voxels, modality by modality."""
    brain = np.any(cube.volumes != 0, axis=0)
    return np.quantile(cube.volumes[:, brain], QUANTILES, axis=1).ravel()


def site_only(rows: Rows) -> list[float]:
    """Log-odds of HGG at the patient's site among the other folds' patients, one added to each."""
    scores = []
    for row in rows:
        others = [o for o in rows if o["fold"] != row["fold"] and o["site"] == row["site"]]
        hgg = sum(other["grade"] == "HGG" for other in others)
        scores.append(float(np.log((hgg + 1) / (len(others) - hgg + 1))))
    return scores


def print_end_to_end(localizer_run: Path, grader_run: Path, studies: Path) -> None:
    """Run each fold's two networks over the whole studies of that fold."""
    source = BratsStudySource(studies)
    folds = json.loads((localizer_run / "folds.json").read_text())
    rows: Rows = []
    for fold in sorted(set(folds.values())):
        place = f"fold-{fold}"
        backend = backend_of(
            trained_localizer(localizer_run / place, UNTOLD),
            trained_grader(grader_run / place, UNTOLD, temperature=1.0),
            provenance={},
        )
        for study_id in source.study_ids():
            study = source.study(study_id)
            if folds.get(study.patient_id) != fold:
                continue
            ((grade, _),) = ask(backend, [study])
            probability = grade.probability_hgg if isinstance(grade, GradePrediction) else 0.0
            rows.append(
                {
                    "site": study.site,
                    "grade": source.reference(study_id).grade.value,
                    "score": probability - 0.5,
                }
            )
    print(
        "| grader | patients | n | AUROC | sensitivity (HGG) | specificity (LGG) | balanced accuracy |"
    )
    print("|---" * 7 + "|")
    print_grades("localizer, then 3D CNN", "all", rows, [row["score"] for row in rows])


if __name__ == "__main__":
    main()
