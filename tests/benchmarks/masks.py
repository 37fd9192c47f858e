"""Time every measure of one pair of masks: gliobench beside the libraries and the official programs.

    python tests/benchmarks/masks.py REFERENCE.nii.gz PREDICTION.nii.gz --enhancing 4
    python tests/benchmarks/masks.py … --python other/bin/python --brats2023 BraTS-2023-Metrics

Each contender has a process of its own, loads its libraries and the masks first, and takes the best
of `--rounds` on one core. `--python` names an interpreter with panoptica and brats-evaluation, whose
libraries conflict with ours; `--brats2023` a clone of the program of 2023. What is not installed is
left out, with the reason. Regions are WT, TC and ET, and the labels 1 and 2 alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("gliobench", "numpy", "scipy", "monai", "torch", "surface-distance", "panoptica"),
    *("brats-evaluation", "connected-components-3d", "SimpleITK"),
)
REGIONS = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,), "NETC": (1,), "SNFH": (2,)}
"""By labels of 2023, into which others are translated."""


class Pair:
    """Two label maps in memory, with BraTS's numbers of 2023.

    Args:
        reference: File of the experts' mask.
        prediction: File of the mask to score.
        enhancing: The number of the enhancing tumour in both.
    """

    def __init__(self, reference: Path, prediction: Path, enhancing: int) -> None:
        import nibabel as nib
        import numpy as np

        images = [nib.load(path) for path in (reference, prediction)]
        found = [np.asarray(image.dataobj).astype(np.uint8) for image in images]
        self.affine = images[0].affine
        self.spacing = tuple(float(edge) for edge in images[0].header.get_zooms()[:3])
        self.reference, self.prediction = (np.where(one == enhancing, 3, one) for one in found)

    def each(self) -> Iterator[tuple[Any, Any]]:
        """Give each region of both masks, (I, J, K) bool."""
        import numpy as np

        for labels in REGIONS.values():
            yield np.isin(self.reference, labels), np.isin(self.prediction, labels)

    @contextmanager
    def files(self) -> Iterator[tuple[str, str]]:
        """Write both masks into files, for programs that read them."""
        import nibabel as nib

        with tempfile.TemporaryDirectory() as folder:
            names = [f"{folder}/{name}-00001-000.nii.gz" for name in ("reference", "prediction")]
            for name, labels in zip(names, (self.reference, self.prediction), strict=True):
                nib.save(nib.Nifti1Image(labels, self.affine), name)
            yield names[0], names[1]


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the fewest seconds of several rounds."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def ours(pair: Pair, sets: tuple[str, ...], rounds: int) -> float:
    """Score all regions as `gliobench score` does, without reading files."""
    import numpy as np

    from gliobench.domain.evaluation.scoring import Target, score_mask
    from gliobench.domain.geometry.grids import Grid
    from gliobench.domain.labels.convention import LabelConvention
    from gliobench.domain.labels.regions import Region
    from gliobench.domain.metrics.measures import MeasureSet
    from gliobench.domain.predictions.prediction import Mask

    convention = LabelConvention(
        name="benchmark",
        title="",
        tissues={1: "core", 2: "oedema", 3: "enhancing"},
        regions={Region[name]: frozenset(labels) for name, labels in REGIONS.items()},
    )
    grid = Grid(shape=pair.reference.shape, affine=np.diag([*pair.spacing, 1.0]))
    target = Target.of(convention.split(pair.reference), grid)
    mask = Mask(grid, convention.split(pair.prediction))
    chosen = MeasureSet.parse(sets)
    return best(lambda: score_mask(mask, target, chosen), rounds)


def own_global(pair: Pair, rounds: int) -> float:
    """Measure Dice, IoU, HD95, NSD and volume error."""
    return ours(pair, (), rounds)


def own_rules(pair: Pair, rounds: int) -> float:
    """Measure by both rules, less what is always measured."""
    return ours(pair, ("brats2023", "brats2026"), rounds) - ours(pair, (), rounds)


def monai(pair: Pair, rounds: int) -> float:
    """Measure Dice, HD95 and NSD by MONAI."""
    import torch
    from monai.metrics import compute_dice, compute_hausdorff_distance, compute_surface_dice

    torch.set_num_threads(1)

    def work() -> None:
        for reference, prediction in pair.each():
            y, y_pred = (torch.as_tensor(one)[None, None] for one in (reference, prediction))
            options = {"include_background": True}
            compute_dice(y_pred.float(), y.float())
            compute_hausdorff_distance(y_pred, y, percentile=95, spacing=pair.spacing, **options)
            compute_surface_dice(y_pred, y, [1.0], spacing=pair.spacing, **options)

    return best(work, rounds)


def surface_distance(pair: Pair, rounds: int) -> float:
    """Measure Dice, HD95 and NSD by DeepMind's surface-distance."""
    import surface_distance as library

    def work() -> None:
        for reference, prediction in pair.each():
            apart = library.compute_surface_distances(reference, prediction, pair.spacing)
            library.compute_robust_hausdorff(apart, 95)
            library.compute_surface_dice_at_tolerance(apart, 1.0)
            library.compute_dice_coefficient(reference, prediction)

    return best(work, rounds)


def panoptica(pair: Pair, rounds: int) -> float:
    """Measure one region after the other, parts matched, by panoptica's own settings."""
    from panoptica import ConnectedComponentsInstanceApproximator as Approximator
    from panoptica import InputType, NaiveThresholdMatching, Panoptica_Evaluator

    evaluator = Panoptica_Evaluator(
        expected_input=InputType.SEMANTIC,
        instance_approximator=Approximator(),
        instance_matcher=NaiveThresholdMatching(),
    )

    def work() -> None:
        for reference, prediction in pair.each():
            evaluator.evaluate(prediction.astype("uint8"), reference.astype("uint8"))

    return best(work, rounds)


def program_2026(pair: Pair, rounds: int) -> float:
    """Run the official program of 2026, config `gli`, from files."""
    import brats_evaluation
    from brats_evaluation.evaluation import evaluate_single_exam
    from panoptica import Panoptica_Evaluator

    config = Path(brats_evaluation.__file__).parent / "configs" / "config_gli.yaml"
    evaluator = Panoptica_Evaluator.load_from_config(config)
    with pair.files() as (reference, prediction):
        return best(
            lambda: evaluate_single_exam(prediction, reference, "00001-000", evaluator), rounds
        )


def program_2023(pair: Pair, rounds: int) -> float:
    """Run the official program of 2023, glioma, from files."""
    import numpy as np
    import pandas as pd

    np.inf = np.inf  # removed from NumPy 2
    pd.DataFrame.append = lambda self, other, **_: pd.concat([self, other])  # removed from pandas 2
    sys.path.insert(0, os.environ["BRATS2023"])
    import metrics

    with pair.files() as (reference, prediction):
        return best(
            lambda: metrics.get_LesionWiseResults(prediction, reference, "BraTS-GLI"), rounds
        )


CONTENDERS: dict[str, tuple[Callable[[Pair, int], float], str]] = {
    "gliobench": (own_global, "Dice, IoU, HD95, NSD, volume error"),
    "gliobench, both rules": (own_rules, "lesion-wise of 2023 and 2026"),
    "MONAI": (monai, "Dice, HD95, NSD"),
    "surface-distance": (surface_distance, "Dice, HD95, NSD"),
    "panoptica": (panoptica, "Dice, IoU, assd of matched parts"),
    "BraTS-2023-Metrics": (program_2023, "lesion-wise of 2023 (WT, TC, ET)"),
    "brats-evaluation": (program_2026, "lesion-wise of 2026"),
}


def main() -> None:
    """Time what is installed and print the table."""
    asked = _arguments()
    if asked.contender:
        work, _ = CONTENDERS[asked.contender]
        seconds = work(Pair(asked.reference, asked.prediction, asked.enhancing), asked.rounds)
        print(json.dumps({"seconds": seconds, "versions": _versions()}))
        return
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}\n")
    versions: dict[str, str] = {}
    for name, (_, what) in CONTENDERS.items():
        found = _run(name, asked)
        versions = found.get("versions", {}) | versions
        seconds = f"{found['seconds']:9.3f}" if "seconds" in found else found["left out"]
        print(f"{name:24}{seconds}  {what}", flush=True)
    print("\n" + ", ".join(f"{name} {number}" for name, number in versions.items()))


def _run(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Time a contender in a process of its own, by the first interpreter that has its libraries."""
    files = [str(asked.reference), str(asked.prediction)]
    options = ["--enhancing", str(asked.enhancing), "--rounds", str(asked.rounds)]
    own = {"OMP_NUM_THREADS": "1", "BRATS2023": str(asked.brats2023 or "")}
    why = "not installed"
    for python in filter(None, (sys.executable, asked.python)):
        command = [python, "-W", "ignore", __file__, *files, *options, "--contender", name]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **own}, check=False
        )
        if done.returncode == 0:
            found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return found
        last = (done.stderr.strip().splitlines() or [""])[-1]
        why = why if "ModuleNotFoundError" in last else last[:90]
    return {"left out": f"left out: {why}"}


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reference", type=Path)
    parser.add_argument("prediction", type=Path)
    parser.add_argument("--enhancing", type=int, default=4, help="label of the enhancing tumour")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", help="interpreter with panoptica and brats-evaluation")
    parser.add_argument("--brats2023", type=Path, help="clone of BraTS-2023-Metrics")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
