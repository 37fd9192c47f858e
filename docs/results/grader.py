"""Print the tables of the graders: of regions, of intensities, and of both.

    python docs/results/grader.py ../shared/data
    python docs/results/grader.py ../shared/data --studies work/studies --localizer work/localizer \
        --cnn work/grader --cnn-sites work/grader-sites

Without `--localizer`, tumours are measured in the reference masks of `masks128`. With it, those of the
whole studies are measured in the masks that the localizer's folds predicted of their held-out patients.

`--cnn` is a run of `gliobench train grader`, whose folds are then used for all graders; `--cnn-sites` is one
with `--by-site`. Every prediction is of a patient that the grader did not learn from: in folds, or with the
patient's whole site left out. Both grades weigh the same in every fit. Candidates are chosen on the
log-loss of leaving sites out.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from cross_validation import MIXED_SITES, area, logistic_regression, print_grades
from scipy.special import expit

from gliobench.adapters.json import read_folds
from gliobench.adapters.monai import load_lesion_cubes, load_mask_tumours, load_study_tumours
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.train.learn_regions import CHOSEN, RegionTumour, errors_in, learn_regions
from gliobench.domain.files.tables import read_rows
from gliobench.domain.statistics.logistic import even_odds, fit_logistic
from gliobench.domain.statistics.reliability import Reliability, reliability
from gliobench.domain.statistics.temperature import fit_temperature
from gliobench.domain.studies.folds import assign_folds
from gliobench.domain.studies.study import Grade

VOLUMES = ("wt_ml", "tc_ml", "et_ml", "et_of_wt", "tc_of_wt", "et_of_tc")
CANDIDATES = {
    "volumes and ratios": VOLUMES,
    "ET, ET / WT": ("et_ml", "et_of_wt"),
    "ET / TC": ("et_of_tc",),
    "rim": ("rim",),
    "enclosed": ("enclosed",),
    "rim, enclosed": ("rim", "enclosed"),
    "ET / TC, rim, enclosed": ("et_of_tc", "rim", "enclosed"),
    "ET, rim, enclosed": ("et_ml", "rim", "enclosed"),
    "volumes and ratios, rim": (*VOLUMES, "rim"),
    "volumes and ratios, enclosed": (*VOLUMES, "enclosed"),
    "all": (*VOLUMES, "rim", "enclosed"),
}
BINS = 5
Logits = dict[str, float]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    for name in ("studies", "localizer", "cnn", "cnn-sites"):
        parser.add_argument(f"--{name}", type=Path)
    arguments = parser.parse_args()
    tumours = measured(arguments.data, arguments.studies, arguments.localizer)
    sites = {tumour.patient_id: str(tumour.site) for tumour in tumours}
    settled = read_folds(arguments.cnn / "folds.json") if arguments.cnn else None
    strata = {tumour.patient_id: f"{tumour.site}×{tumour.grade.value}" for tumour in tumours}
    folds = assign_folds(strata, folds=5, seed=0, settled=settled)
    segmented = sum(tumour.segmented for tumour in tumours)
    lost = [tumour.patient_id for tumour in tumours if tumour.judged is None]
    print(
        f"{len(tumours)} tumours, {segmented} of them as segmented; not found: {lost or 'none'}\n"
    )
    print_candidates(tumours, folds, sites)
    print_graders(tumours, folds, sites, arguments)
    print_who(arguments.data, tumours, held_out(tumours, sites))
    print_reliability(tumours, folds, sites)


def measured(data: Path, studies: Path | None, localizer: Path | None) -> list[RegionTumour]:
    """Measure every tumour, a patient's whole study before the mask of 128³ voxels."""
    masks = data / "masks128" / "masks128.npz"
    subjects = NameMapping.near(masks.parent).subjects
    sites = {name: tumour.site for name, tumour in subjects.items() if tumour.site}
    found = {tumour.patient_id: tumour for tumour in load_mask_tumours(masks, sites)}
    if studies:
        whole = load_study_tumours(BratsStudySource(studies), localizer)
        found |= {tumour.patient_id: tumour for tumour in whole}
    return list(found.values())


def held_out(
    tumours: Sequence[RegionTumour], groups: Mapping[str, object], **options: object
) -> Logits:
    """Return the log-odds of every patient by a grader that has not seen the patient's group.

    A tumour that no localizer has segmented is judged with the errors that it makes in the others, by the
    mean of the log-odds.
    """
    logits: Logits = {}
    for group in sorted({str(item) for item in groups.values()}):
        inside = [tumour for tumour in tumours if str(groups[tumour.patient_id]) == group]
        others = [tumour for tumour in tumours if str(groups[tumour.patient_id]) != group]
        grader = learn_regions(others, **options)
        errors = errors_in(others)
        for tumour in inside:
            judged = tumour.judged
            if judged is not None:
                given = [judged] if tumour.segmented else errors.over(judged)
                odds = [sum(grader.log_odds(measures).values()) for measures in given]
                logits[tumour.patient_id] = float(np.mean(odds))
    return logits


def print_candidates(
    tumours: Sequence[RegionTumour], folds: Mapping[str, int], sites: Mapping[str, str]
) -> None:
    """Print every candidate in folds and with sites left out, the least loss first."""
    rows = []
    settings = [True, False] if any(tumour.predicted for tumour in tumours) else [True]
    for name, features in CANDIDATES.items():
        for errors in settings:
            options = {"features": features, "errors": errors}
            by_site, by_fold = (held_out(tumours, groups, **options) for groups in (sites, folds))
            cells = [summary(tumours, by_site), summary(tumours, by_fold)]
            chosen = " (chosen)" * (features == CHOSEN and errors)
            label = f"{name}{', errors not learned' * (not errors)}{chosen}"
            rows.append((loss(tumours, by_site), f"| {label} | {' | '.join(cells)} |"))
    print("### Candidates\n")
    print(
        "| features | sites left out: log-loss | AUROC | balanced accuracy | mixed sites: AUROC "
        "| folds: log-loss | AUROC | balanced accuracy | mixed sites: AUROC |"
    )
    print("|---" * 9 + "|")
    print("\n".join(row for _, row in sorted(rows)))


def summary(tumours: Sequence[RegionTumour], logits: Logits) -> str:
    """Write the cells of a candidate."""
    hgg, score, site = arrays(tumours, logits)
    mixed = np.isin(site, MIXED_SITES)
    balanced = ((score > 0)[hgg].mean() + (score <= 0)[~hgg].mean()) / 2
    return (
        f"{loss(tumours, logits):.3f} | {area(hgg, score):.3f} | {balanced:.2f} | "
        f"{area(hgg[mixed], score[mixed]):.3f}"
    )


def loss(tumours: Sequence[RegionTumour], logits: Logits) -> float:
    """Measure the mean log-loss at even odds."""
    hgg, score, _ = arrays(tumours, logits)
    return float(np.average(np.logaddexp(0, np.where(hgg, -score, score)), weights=even_odds(hgg)))


def arrays(
    tumours: Sequence[RegionTumour], logits: Logits
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay out grades, log-odds and sites of the patients that have log-odds."""
    known = [tumour for tumour in tumours if tumour.patient_id in logits]
    return (
        np.array([tumour.grade is Grade.HGG for tumour in known]),
        np.array([logits[tumour.patient_id] for tumour in known]),
        np.array([str(tumour.site) for tumour in known]),
    )


def print_graders(
    tumours: Sequence[RegionTumour],
    folds: Mapping[str, int],
    sites: Mapping[str, str],
    arguments: argparse.Namespace,
) -> None:
    """Print the graders beside each other, on the same patients."""
    print("\n### Graders\n")
    print(
        "| grader | patients | n | AUROC | sensitivity (HGG) | specificity (LGG) | balanced accuracy |"
    )
    print("|---" * 7 + "|")
    archives = ("lesion_cubes/lesion_cubes.npz", "masks128/masks128.npz")
    cubes = load_lesion_cubes(*(arguments.data / name for name in archives))
    ways = (("folds", folds, arguments.cnn), ("each site left out", sites, arguments.cnn_sites))
    for way, held, run in ways:
        graders = {
            "regions": held_out(tumours, held),
            "volumes and ratios": held_out(tumours, held, features=VOLUMES),
        }
        graders["intensity quantiles"] = of_quantiles(tumours, cubes, held)
        if run:
            graders["intensity CNN"] = logits_of(run)
        both = set.intersection(*map(set, graders.values()))
        graders = {
            name: {patient: found[patient] for patient in both} for name, found in graders.items()
        }
        last = list(graders)[-1]
        pair = [graders["regions"], graders[last]]
        graders[f"regions and {last}, stacked"] = stacked(tumours, pair, held)
        for name, logits in graders.items():
            print_both(f"{name}, {way}", tumours, logits)


def print_both(name: str, tumours: Sequence[RegionTumour], logits: Logits) -> None:
    """Print a grader on all patients, at mixed sites, and where a localizer has segmented."""
    known = [tumour for tumour in tumours if tumour.patient_id in logits]
    groups = {
        "all": known,
        "mixed sites": [tumour for tumour in known if tumour.site in MIXED_SITES],
        "predicted masks": [tumour for tumour in known if tumour.segmented],
    }
    for patients, some in groups.items():
        if not some:
            continue
        rows = [{"grade": tumour.grade.value} for tumour in some]
        print_grades(name, patients, rows, [logits[tumour.patient_id] for tumour in some])


def logits_of(run: Path) -> Logits:
    """Read the held-out log-odds of a training run, fold by fold."""
    files = sorted(run.glob("fold-*/predictions.json"))
    rows = [row for file in files for row in json.loads(file.read_text())]
    return {row["patient_id"]: row["logit"] for row in rows}


def of_quantiles(
    tumours: Sequence[RegionTumour], cubes: Sequence[LesionCube], groups: Mapping[str, object]
) -> Logits:
    """Return held-out log-odds of the intensities' quantiles in the lesion cubes."""
    known = {cube.patient_id for cube in cubes}
    rows = [
        {
            "patient_id": tumour.patient_id,
            "grade": tumour.grade.value,
            "fold": str(groups[tumour.patient_id]),
        }
        for tumour in tumours
        if tumour.patient_id in known
    ]
    found = logistic_regression(rows, cubes)
    return {row["patient_id"]: logit for row, logit in zip(rows, found, strict=True)}


def stacked(
    tumours: Sequence[RegionTumour], graders: Sequence[Logits], groups: Mapping[str, object]
) -> Logits:
    """Combine held-out log-odds by a logistic regression on those of the other groups."""
    known = [tumour for tumour in tumours if all(tumour.patient_id in logits for logits in graders)]
    values = np.array([[logits[tumour.patient_id] for logits in graders] for tumour in known])
    hgg = np.array([tumour.grade is Grade.HGG for tumour in known])
    group = np.array([str(groups[tumour.patient_id]) for tumour in known])
    found = np.zeros(len(known))
    for held in np.unique(group):
        rest = group != held
        slopes, start = fit_logistic(values[rest], hgg[rest], even_odds(hgg[rest]), penalty=0.01)
        found[~rest] = values[~rest] @ slopes + start
    return dict(zip([tumour.patient_id for tumour in known], found.tolist(), strict=True))


def print_who(data: Path, tumours: Sequence[RegionTumour], logits: Logits) -> None:
    """Print what the grader says of WHO grades 2 and 3, which BraTS both calls LGG."""
    file = data / "tables" / "brats20_lgg_who_grade.csv"
    _, table = read_rows(file.read_bytes(), place=file.name)
    grades = {row.cells["brats2020id"]: row.cells["whograde"] for row in table}
    print("\n### WHO grades, each site left out\n")
    print("| reference | n | called HGG | median P(HGG) |\n|---|---|---|---|")
    groups = {
        "LGG, WHO 2": [item for item, who in grades.items() if who == "2"],
        "LGG, WHO 3": [item for item, who in grades.items() if who == "3"],
        "LGG, WHO grade not known": [
            tumour.patient_id
            for tumour in tumours
            if tumour.grade is Grade.LGG and tumour.patient_id not in grades
        ],
        "HGG": [tumour.patient_id for tumour in tumours if tumour.grade is Grade.HGG],
    }
    for name, patients in groups.items():
        odds = np.array([logits[patient] for patient in patients if patient in logits])
        print(f"| {name} | {len(odds)} | {(odds > 0).sum()} | {np.median(expit(odds)):.2f} |")


def print_reliability(
    tumours: Sequence[RegionTumour], folds: Mapping[str, int], sites: Mapping[str, str]
) -> None:
    """Print predicted against observed, calibrated by the temperature of the other groups."""
    print("\n### Reliability of P(HGG), calibrated on the other folds or sites\n")
    print(
        "| held out | P(HGG) | n | mean P(HGG) | HGG observed at even odds |\n|---"
        + "|---" * 4
        + "|"
    )
    notes = []
    for name, groups in (("folds", folds), ("sites", sites)):
        logits = held_out(tumours, groups)
        hgg, _, _ = arrays(tumours, logits)
        calibrated = cooled(tumours, logits, groups)
        _, score, _ = arrays(tumours, calibrated)
        probability, weights = expit(score), even_odds(hgg)
        place = np.minimum((probability * BINS).astype(int), BINS - 1)
        for at in np.unique(place):
            inside = place == at
            said = np.average(probability[inside], weights=weights[inside])
            seen = np.average(hgg[inside], weights=weights[inside])
            ends = f"{at / BINS:.1f} to {(at + 1) / BINS:.1f}"
            print(f"| {name} | {ends} | {inside.sum()} | {said:.2f} | {seen:.2f} |")
        whole = reliability(reference=hgg, probability=probability)
        if isinstance(whole, Reliability):
            notes.append(
                f"{name}: log-loss {loss(tumours, logits):.3f}, calibrated "
                f"{loss(tumours, calibrated):.3f}; Brier {whole.brier:.3f} at BraTS's prevalence"
            )
    print("\n" + "\n".join(notes))


def cooled(tumours: Sequence[RegionTumour], logits: Logits, groups: Mapping[str, object]) -> Logits:
    """Divide held-out log-odds by the temperature of the other groups."""
    known = [tumour for tumour in tumours if tumour.patient_id in logits]
    hgg, score, _ = arrays(tumours, logits)
    group = np.array([str(groups[tumour.patient_id]) for tumour in known])
    found = score.copy()
    for held in np.unique(group):
        rest = group != held
        found[~rest] /= fit_temperature(reference=hgg[rest], logit=score[rest])
    return dict(zip([tumour.patient_id for tumour in known], found.tolist(), strict=True))


if __name__ == "__main__":
    main()
