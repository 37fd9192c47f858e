"""Print how the localizer does on patients that it has not learned from.

    python docs/results/localizer.py work/studies --run work/localizer
    python docs/results/localizer.py work/studies --weights adapters/onnx/weights

With `--run`, first what the networks' voxels and windows allow. Then each study is segmented by the network of the fold
that held it out; folds that have not been fitted are passed over. This cross-validation chooses the
probability from which a voxel is tumour, the volume below which enhancing tumour is taken for none, whether
the fine network looks too, and whether the mean of a brain and its mirror image is read; `chosen on the
other folds` is what choosing costs: for each fold the setting that has the best mean Dice on the other
folds, scored on it. Last, with the setting that the networks' cards carry, all studies at 2 mm, those of
1 mm at full size, and what is lost when sequences are absent. These scores are kept beside the folds'
predictions, and are printed from there where the networks are no longer there.

With `--weights`, the same scores of an exported network on patients that it may have learned from: what it
misses there it will miss elsewhere.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import numpy as np

from gliobench.adapters.monai.localizer_trainer import localizer_scores
from gliobench.adapters.monai.networks import FINE_WINDOW
from gliobench.adapters.monai.torch_network import (
    FINE,
    LIKELY_ENOUGH,
    SMALLEST_ENHANCING_MM3,
    UNTOLD,
    TorchNetwork,
    trained_localizer,
)
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.backends.tumour_finder import tumour_probabilities
from gliobench.domain.geometry.resampling import resample_to_spacing
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.segmentation import hd95_mm
from gliobench.domain.networks.input import MODALITY_ORDER, LocalizerGeometry, tumour_regions
from gliobench.domain.statistics.estimate import Interval
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.sampling import numbered
from gliobench.domain.studies.study import ESSENTIAL, Modality, Reference, Study

THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
SMALLEST_MM3 = (0.0, 100.0, 200.0, 500.0)
REGIONS = tuple(region.value for region in NESTED)
MEASURES = (*(f"dice_{region}" for region in REGIONS), "box_iou", "centre_error_mm")
VOXEL_MM = LocalizerGeometry().spacing_mm
FAR_MM = 15.0
THE_CARDS = " (the card's)"
ABSENT = tuple(
    tuple(modality for modality in MODALITY_ORDER if modality not in kept)
    for n in range(len(MODALITY_ORDER), 0, -1)
    for kept in combinations(MODALITY_ORDER, n)
    if set(kept) & set(ESSENTIAL)
)
"""All that may be absent."""
SCORES = "scores.json"
Rows = list[dict]


@dataclass(frozen=True)
class Setting:
    """What is done with a network's probabilities."""

    fine: bool
    mirrored: bool
    threshold: float
    smallest_mm3: float

    def __str__(self) -> str:
        """Name it as a row of the table."""
        networks = "coarse and fine" if self.fine else "coarse alone"
        ways = "with its mirror image" if self.mirrored else "as it is"
        return f"{networks}, {ways}, from {self.threshold:.1f}, ET from {self.smallest_mm3:.0f} mm³"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A study, its reference, and the network that is asked: of a fold, the one that held the patient out."""

    study: Study
    reference: Reference
    fold: int
    network: TorchNetwork | OnnxNetwork

    def likely(
        self, *, fine: bool, mirrored: bool, absent: tuple[Modality, ...] = ()
    ) -> np.ndarray:
        """Return the tumour's probabilities by region."""
        network = self.network
        used = network if fine else TorchNetwork(network.network.coarse, network.card)
        seen = Altered(used, mirrored=mirrored, absent=absent)
        return tumour_probabilities(seen, self.study)

    def row(self, likely: np.ndarray, setting: Setting) -> dict:
        """Score what a setting makes of probabilities."""
        found = tumour_regions(
            likely,
            spacing_mm=VOXEL_MM,
            grid=self.study.grid,
            threshold=setting.threshold,
            smallest_enhancing_mm3=setting.smallest_mm3,
        )
        expected = self.reference.regions
        far_mm = None
        if found is not None:
            far_mm = hd95_mm(
                reference=expected[Region.WT],
                prediction=found[Region.WT],
                spacing_mm=self.study.grid.spacing_mm,
            )
        return {
            "study": self.study.id,
            "patient": self.study.patient_id,
            "site": self.study.site,
            "grade": self.reference.grade.value,
            "fold": self.fold,
            "hd95_WT": far_mm,
            **localizer_scores(self.study, reference=expected, prediction=found),
        }


class Altered:
    """A network whose input lacks channels, or that reads the mirror image besides."""

    def __init__(self, network: TorchNetwork, *, mirrored: bool, absent: tuple) -> None:
        self.card = network.card
        self._run, self._mirrored = network.run, mirrored
        self._absent = [MODALITY_ORDER.index(modality) for modality in absent]

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Infer logits."""
        seen = inputs.copy()
        seen[:, self._absent] = 0
        logits = self._run(seen)
        if not self._mirrored:
            return logits
        other = self._run(np.ascontiguousarray(seen[:, :, ::-1]))[:, :, ::-1]
        return (logits + other) / 2


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, help="of prepare_training_studies.py")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="of gliobench train localizer")
    source.add_argument("--weights", type=Path, help="of gliobench export")
    given = parser.parse_args()
    if given.weights:
        network = OnnxNetwork(given.weights / "localizer.onnx", kind="localizer", threads=1)
        print_scores(list(rows_of(lambda studies: by_one(network, studies), given.studies)))
    else:
        print_cross_validation(given.run, given.studies)


def print_cross_validation(run: Path, studies: Path) -> None:
    """Print the tables of held-out patients."""
    networks = networks_of(run)
    if networks:
        print("### What voxels and windows allow\n")
        print_limits(studies)
        print("\n### What is chosen\n")
        print_choices(list(held_out(networks, run, studies / "2mm")))
    print_scores(scores(networks, run, studies))


def print_scores(rows: Rows) -> None:
    """Print scores by group of patients, and with sequences absent."""
    complete = [row for row in rows if not row["absent"]]
    for name, title in (("2mm", "All studies, 2 mm"), ("full", "Studies of 1 mm, full size")):
        print(f"\n### {title}\n")
        print_groups([row for row in complete if row["voxels"] == name])
    print("\n### Absent sequences\n")
    print_absent([row for row in rows if row["voxels"] == "2mm"])


def scores(networks: Mapping[int, TorchNetwork], run: Path, studies: Path) -> Rows:
    """Score held-out studies with the card's setting; what has been scored is kept in the run's folds."""
    for fold, network in networks.items():
        path = run / f"fold-{fold}" / SCORES
        if not path.exists():
            ours = {fold: network}
            rows = list(rows_of(lambda folder, ours=ours: held_out(ours, run, folder), studies))
            path.write_text(json.dumps(rows, indent=0))
    return [
        row for path in sorted(run.glob(f"fold-*/{SCORES}")) for row in json.loads(path.read_text())
    ]


def rows_of(cases_in: Callable[[Path], Iterator[HeldOut]], studies: Path) -> Iterator[dict]:
    """Yield scores at 2 mm with any sequence absent and at full size, with the card's setting."""
    for voxels, subsets in (("2mm", ABSENT), ("full", ABSENT[:1])):
        for case in cases_in(studies / voxels):
            for absent in subsets:
                names = [modality.value for modality in absent]
                row = case.row(case.likely(fine=True, mirrored=False, absent=absent), shipped())
                yield {"voxels": voxels, "absent": names, **row}


def by_one(network: OnnxNetwork, studies: Path) -> Iterator[HeldOut]:
    """Pair every study with one network."""
    source = BratsStudySource(studies)
    for study_id in source.study_ids():
        yield HeldOut(source.study(study_id), source.reference(study_id), 0, network)


def shipped() -> Setting:
    """Return what the networks' cards carry."""
    return Setting(True, False, LIKELY_ENOUGH, SMALLEST_ENHANCING_MM3)


def print_limits(studies: Path) -> None:
    """Bring references to the networks' voxels and back, and cut them by the fine network's window."""
    rows: Rows = []
    source = BratsStudySource(studies / "full")
    for study_id in source.study_ids():
        study, expected = source.study(study_id), source.reference(study_id).regions
        found = tumour_regions(
            on_voxels(expected, study), spacing_mm=VOXEL_MM, grid=study.grid, threshold=0.5
        )
        rows.append(localizer_scores(study, reference=expected, prediction=found))
    dices = [f"{np.mean([row[f'dice_{region}'] for row in rows]):.3f}" for region in REGIONS]
    print(f"References of {len(rows)} studies of 1 mm, to {VOXEL_MM:.0f} mm and back: Dice of")
    print(f"{', '.join(REGIONS)} {' / '.join(dices)}.\n")
    source = BratsStudySource(studies / "2mm")
    cut = [cut_off(source.reference(study_id).regions) for study_id in source.study_ids()]
    print(
        f"A window of {' x '.join(map(str, FINE_WINDOW))} voxels about the tumour's centre of mass"
    )
    print(f"misses {np.mean(cut):.2%} of the cores of {len(cut)} studies, at most {max(cut):.1%}.")


def on_voxels(regions: Mapping[Region, np.ndarray], study: Study) -> np.ndarray:
    """Return the share of each voxel of the networks that is WT, TC and ET."""
    return np.stack(
        [
            resample_to_spacing(
                regions[region].astype(np.float32),
                spacing_mm=study.grid.spacing_mm,
                target_mm=VOXEL_MM,
            )
            for region in NESTED
        ]
    )


def cut_off(regions: Mapping[Region, np.ndarray]) -> float:
    """Return the share of a core that lies outside of the fine network's window."""
    middle = np.argwhere(regions[Region.WT]).mean(0)
    core = np.argwhere(regions[Region.TC])
    outside = np.abs(core - middle) > np.array(FINE_WINDOW) / 2
    return float(outside.any(1).mean()) if len(core) else 0.0


def networks_of(run: Path) -> dict[int, TorchNetwork]:
    """Load the network of every fold that has been fitted and is still there."""
    folds = [path.parent for path in sorted(run.glob("fold-*/predictions.json"))]
    return {
        int(folder.name.removeprefix("fold-")): trained_localizer(folder, UNTOLD)
        for folder in folds
        if (folder / FINE).is_dir()
    }


def held_out(networks: Mapping[int, TorchNetwork], run: Path, studies: Path) -> Iterator[HeldOut]:
    """Pair every study with its fold's network; a fold that has not been fitted is passed over."""
    folds = json.loads((run / "folds.json").read_text())
    source = BratsStudySource(studies)
    for study_id in source.study_ids():
        study = source.study(study_id)
        fold = folds[study.patient_id]
        if fold in networks:
            yield HeldOut(study, source.reference(study_id), fold, networks[fold])


def print_choices(cases: list[HeldOut]) -> None:
    """Score every setting, and the choice among them."""
    scored: dict[Setting, Rows] = {}
    for case in cases:
        for fine, mirrored in product((False, True), repeat=2):
            likely = case.likely(fine=fine, mirrored=mirrored)
            for threshold, smallest in product(THRESHOLDS, SMALLEST_MM3):
                setting = Setting(fine, mirrored, threshold, smallest)
                scored.setdefault(setting, []).append(case.row(likely, setting))
    print_head("a brain is read")
    for setting, rows in scored.items():
        print_row(f"{setting}{THE_CARDS if setting == shipped() else ''}", rows)
    print_row("chosen on the other folds", chosen(scored))


def chosen(scored: Mapping[Setting, Rows]) -> Rows:
    """Take each fold's rows by the setting that is best on the others."""
    picked: Rows = []
    for fold in sorted({row["fold"] for rows in scored.values() for row in rows}):
        others = {
            setting: mean_dice([row for row in rows if row["fold"] != fold])
            for setting, rows in scored.items()
        }
        best = max(others, key=others.__getitem__)
        picked += [row for row in scored[best] if row["fold"] == fold]
    return picked


def mean_dice(rows: Rows) -> float:
    """Average the Dice of all regions; of no rows it is 0."""
    dices = [row[f"dice_{region}"] for row in rows for region in REGIONS]
    return float(np.mean(dices)) if dices else 0.0


def print_groups(rows: Rows) -> None:
    """Print means with intervals over studies: all, by grade and of the mixed sites."""
    groups = {"all": rows}
    groups |= {grade: [row for row in rows if row["grade"] == grade] for grade in ("HGG", "LGG")}
    groups["mixed sites"] = [row for row in rows if row["site"] in ("2013", "TMC")]
    measures = (*MEASURES, "hd95_WT")
    print(f"| studies | n | {' | '.join(measures)} | centre > {FAR_MM:.0f} mm or not found |")
    print("|---" * (len(measures) + 3) + "|")
    for name, members in groups.items():
        if members:
            cells = [interval(members, measure) for measure in measures]
            far = ", ".join(far_off(members)) or "none"
            print(f"| {name} | {len(members)} | {' | '.join(cells)} | {far} |")


def interval(rows: Rows, measure: str) -> str:
    """Write a mean with its 95 % interval; of tumours found where it is a distance."""
    known = [row for row in rows if row[measure] is not None]
    patients = numbered([row["patient"] for row in known])
    estimate = estimate_mean(np.array([row[measure] for row in known]), patients)
    digits = 1 if measure.endswith("mm") or measure.startswith("hd95") else 2
    around = getattr(estimate, "interval", None)
    ends = (
        f" ({around.low:.{digits}f}–{around.high:.{digits}f})"
        if isinstance(around, Interval)
        else ""
    )
    return f"{np.mean([row[measure] for row in known]):.{digits}f}{ends}"


def print_absent(rows: Rows) -> None:
    """Print means with sequences left out, and how many tumours are far off."""
    print_head("absent (centres far off)")
    for absent in dict.fromkeys(tuple(row["absent"]) for row in rows):
        members = [row for row in rows if row["absent"] == list(absent)]
        print_row(f"{', '.join(absent) or 'none'} ({len(far_off(members))})", members)


def far_off(rows: Rows) -> list[str]:
    """Name the studies whose tumour is not found, or far from where it is."""
    return [
        row["study"]
        for row in rows
        if row["centre_error_mm"] is None or row["centre_error_mm"] > FAR_MM
    ]


def print_head(first: str) -> None:
    """Print a table's head."""
    print(f"| {first} | n | {' | '.join(MEASURES)} |")
    print("|---" * (len(MEASURES) + 2) + "|")


def print_row(name: str, rows: Rows) -> None:
    """Print means over studies; centre errors are of tumours found."""
    cells = []
    for measure in MEASURES:
        known = [row[measure] for row in rows if row[measure] is not None]
        cells.append(f"{np.mean(known):.{2 if measure.endswith('mm') else 3}f}")
    print(f"| {name} | {len(rows)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
