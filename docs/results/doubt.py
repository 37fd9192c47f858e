"""Print whether the localizer knows when it is wrong, on patients that it has not learned from.

    python docs/results/doubt.py work/studies/2mm --run work/localizer
    python docs/results/doubt.py DATA/brats_lgg --weights adapters/onnx/weights

Each study is segmented by the network of the fold that held it out (`--run`), or by an exported one
(`--weights`): without `--learned` only if that has learned from nothing of the patient. The least sure masks are refused, by the confidence that the
backend states; for comparison, by the agreement of each mask with that of the mirror image.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.backends.tumour_finder import (
    FoundTumour,
    TumourFinder,
    tumour_probabilities,
)
from gliobench.application.ports.network import Network
from gliobench.domain.comparison.doubt import LEAST_SURE, POOR_DICE
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.networks.input import SMALLEST_MM3, large_parts
from gliobench.domain.statistics.risk_coverage import aurc, risks_by_coverage
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Reference, Study

REFUSED = (0.0, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True, eq=False)
class Judged:
    """What a network says of one study, and how right it is, by region."""

    study_id: str
    dice: dict[Region, float]
    confidence: dict[Region, float]
    agreement: float


class Mirrored(Network):
    """A network that reads the mirror image, and turns its answer back."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def card(self):
        """That of the network."""
        return self._network.card

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Infer logits."""
        return self._network.run(np.ascontiguousarray(inputs[:, :, ::-1]))[:, :, ::-1]


def main() -> None:
    """Print one line a study, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, nargs="+", help="folders in BraTS's layout")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="of gliobench train localizer")
    source.add_argument("--weights", type=Path, help="of gliobench export")
    parser.add_argument("--learned", action="store_true", help="take training patients, too")
    given = parser.parse_args()
    cases = held_out_of_run(given) if given.run else unlearned(given)
    judged = [judge(*case) for case in cases]
    for case in judged:
        said = ", ".join(f"{r.value} {case.confidence[r]:.2f} → {case.dice[r]:.2f}" for r in NESTED)
        print(f"{case.study_id}: confidence → Dice: {said}; mirror image {case.agreement:.2f}")
    print()
    print_table(judged)


def held_out_of_run(given: argparse.Namespace) -> Iterator[tuple[Network, Study, Reference]]:
    """Pair every study with the network of the fold that held it out, as far as folds are fitted."""
    from localizer import networks_of  # torch is needed for this alone

    networks = networks_of(given.run)
    folds = json.loads((given.run / "folds.json").read_text())
    for study, reference in studies_in(given.studies):
        if folds.get(study.patient_id) in networks:
            yield networks[folds[study.patient_id]], study, reference


def unlearned(given: argparse.Namespace) -> Iterator[tuple[Network, Study, Reference]]:
    """Pair an exported network with the studies, of patients that it has not learned from."""
    network = OnnxNetwork(given.weights / "localizer.onnx", kind="localizer", threads=1)
    for study, reference in studies_in(given.studies):
        if given.learned or patient_hash(study.patient_id) not in network.card.learned:
            yield network, study, reference


def studies_in(folders: Sequence[Path]) -> Iterator[tuple[Study, Reference]]:
    """Open every study that has a reference mask."""
    for folder in folders:
        source = BratsStudySource(folder)
        for study_id in source.study_ids():
            reference = source.reference(study_id)
            if reference.regions:
                yield source.study(study_id), reference


def judge(network: Network, study: Study, reference: Reference) -> Judged:
    """Segment a study, and score what was said and how sure it was."""
    found = TumourFinder(network).find(study)
    if not isinstance(found, FoundTumour):
        raise SystemExit(f"{study.id}: {found.detail}")
    empty = np.zeros(study.grid.shape, dtype=bool)
    regions = found.regions or dict.fromkeys(NESTED, empty)
    return Judged(
        study.id,
        {region: overlap(regions[region], reference.regions[region]) for region in NESTED},
        dict(found.confidence),
        overlap(*(whole(item, study) for item in (network, Mirrored(network)))),
    )


def whole(network: Network, study: Study) -> np.ndarray:
    """Return the whole tumour on the network's voxels."""
    voxel_mm3 = float(np.prod(network.card.spacing_mm))
    taken = tumour_probabilities(network, study)[0] > network.card.threshold
    return large_parts(taken, smallest_vox=SMALLEST_MM3 / voxel_mm3)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Dice of two masks; 1 where both are empty."""
    total = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def print_table(judged: Sequence[Judged]) -> None:
    """Print what refusing the least sure leaves, by region and by what orders them."""
    heads = [f"refused {share:.0%}" for share in REFUSED]
    print(f"| ordered by | n | Spearman | AURC (at random) | {' | '.join(heads)} |")
    print("|---" * (len(REFUSED) + 4) + "|")
    for region in NESTED:
        confidence = np.array([case.confidence[region] for case in judged])
        print_row(f"confidence, {region.value}", confidence, judged, region)
    agreement = np.array([case.agreement for case in judged])
    print_row("agreement with the mirror image, WT", agreement, judged, Region.WT)
    print(
        f"\nCells: mean Dice of the others; share of them with a Dice below {POOR_DICE}. One in "
        f"{LEAST_SURE} is refused in reports."
    )


def print_row(name: str, order: np.ndarray, judged: Sequence[Judged], region: Region) -> None:
    """Print one order of refusal."""
    loss = np.array([1 - case.dice[region] for case in judged])
    n = len(loss)
    risks = risks_by_coverage(confidence=order, loss=loss)
    poors = risks_by_coverage(confidence=order, loss=(1 - loss < POOR_DICE).astype(float))
    kept = [n - int(share * n) for share in REFUSED]
    cells = [f"{1 - risks[at - 1]:.3f}; {poors[at - 1]:.0%}" for at in kept]
    area = f"{aurc(confidence=order, loss=loss):.3f} ({loss.mean():.3f})"
    rank = spearmanr(order, -loss).statistic
    print(f"| {name} | {n} | {rank:.2f} | {area} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
