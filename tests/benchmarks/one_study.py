"""Time one full-resolution study: gliobench beside MONAI, each in a process of its own.

    python tests/benchmarks/one_study.py ../shared/data/brats_full/BraTS20_Training_065

Contenders take turns, `--rounds` times. Each process loads its libraries and its model first; what
is timed is the study: from four `.nii.gz` files to the answer. MONAI's network has random weights,
which cost the same. Needs the extra `train`; `--contenders gliobench` does not. `--beside CHECKOUT` runs
another version of gliobench, too, by the benchmark that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("gliobench", "numpy", "onnxruntime-gpu", "onnxruntime", "torch", "monai")


def gliobench(folder: Path) -> dict[str, float]:
    """Load, grade, and give point, box and mask; seconds by stage."""
    from gliobench.application.predict.load_modalities import load_modalities
    from gliobench.application.predict.predict_study import predict_study
    from gliobench.entrypoints.container import container

    backend = container.load_backends(["cnn-onnx"])[0]
    source = container.dataset(str(folder))
    stages: dict[str, float] = {}
    start = time.perf_counter()
    study = source.study(source.study_ids()[0])
    load_modalities(study)
    stages["decode four files"] = time.perf_counter() - start
    reading = predict_study(study, backend)
    stages["total"] = time.perf_counter() - start
    if reading.failures:
        raise SystemExit(f"no answer: {reading.failures[0].detail}")
    return stages | inner_stages(folder)


def inner_stages(folder: Path) -> dict[str, float]:
    """Time the inside of a prediction, step by step, on a study that is loaded."""
    import numpy as np

    from gliobench.adapters.onnx.backend import EMBEDDED_WEIGHTS, REGION_GRADER, read_region_grader
    from gliobench.adapters.onnx.network import OnnxNetwork
    from gliobench.application.backends.network_backend import graded
    from gliobench.application.predict.predict_study import lesion_of
    from gliobench.application.predict.scope import implausible_images, scope_faults
    from gliobench.domain.networks import input as steps
    from gliobench.domain.networks.logits import expit
    from gliobench.domain.networks.region_measures import RegionMeasures
    from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
    from gliobench.entrypoints.container import container

    localizer = OnnxNetwork(EMBEDDED_WEIGHTS / "localizer.onnx", kind="localizer")
    grader, _ = read_region_grader(EMBEDDED_WEIGHTS / REGION_GRADER)
    source = container.dataset(str(folder))
    study = source.study(source.study_ids()[0])
    for modality in steps.MODALITY_ORDER:
        study.volume(modality)
    watch = Stopwatch()
    if [*implausible_images(study), *scope_faults(study)]:
        raise SystemExit("no plausible study")
    watch.lap("checks of the images")
    volumes = steps.localizer_volumes(study, 2.0, rule=localizer.card.intensity_rule)
    starts = steps.brain_windows(volumes, localizer.card.input_shape)
    cuts = np.stack([steps.window(volumes, s, localizer.card.input_shape) for s in starts])
    watch.lap("resample to 2 mm and z-score")
    logits = localizer.run(cuts)
    watch.lap("networks, coarse and fine")
    windows = list(zip(starts, expit(logits), strict=True))
    merged = steps.merge_windows(windows, volumes.shape[1:])
    regions = steps.tumour_regions(
        merged, spacing_mm=2.0, grid=study.grid, threshold=localizer.card.threshold
    )
    watch.lap("masks on the study's grid")
    if regions is None:
        raise SystemExit("no tumour found")
    graded(grader, RegionMeasures.of(regions, study.grid))
    watch.lap("grade")
    lesion_of(study, LocalisationPrediction({Form.MASK: Mask(study.grid, regions)}))
    watch.lap("description of the tumour")
    return watch.laps


class Stopwatch:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the seconds since the last lap."""
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def monai_whole(folder: Path) -> dict[str, float]:
    """MONAI: load, normalise, SegResNet of 16 filters over the whole volume."""
    return _monai(folder, lambda network, volumes: network(volumes))


def monai_sliding(folder: Path) -> dict[str, float]:
    """MONAI: the same in windows of 128³ that overlap by half."""
    from monai.inferers import sliding_window_inference

    return _monai(
        folder,
        lambda network, volumes: sliding_window_inference(
            volumes, (128, 128, 128), 1, network, overlap=0.5
        ),
    )


def _monai(folder: Path, infer: Callable) -> dict[str, float]:
    import torch
    from monai.networks.nets import SegResNet
    from monai.transforms import Compose, LoadImaged, NormalizeIntensityd

    network = SegResNet(init_filters=16, in_channels=4, out_channels=3).eval()
    files = [str(next(folder.glob(f"*_{name}.nii.gz"))) for name in ("t1", "t1ce", "t2", "flair")]
    load = Compose(
        [
            LoadImaged("image", ensure_channel_first=True),
            NormalizeIntensityd("image", nonzero=True, channel_wise=True),
        ]
    )
    start = time.perf_counter()
    volumes = load({"image": files})["image"].as_tensor()
    loaded = time.perf_counter() - start
    # A volume of 155 slices does not halve four times: MONAI's users pad it.
    padded = torch.nn.functional.pad(volumes, [0, -volumes.shape[-1] % 16])[None]
    with torch.inference_mode():
        mask = infer(network, padded).sigmoid() > 0.5
    mask.sum().item()
    return {"load and normalise": loaded, "total": time.perf_counter() - start}


def floor(folder: Path) -> dict[str, float]:
    """Inflate the four files by zlib, one after another, and do nothing with them."""
    start = time.perf_counter()
    for name in ("t1", "t1ce", "t2", "flair"):
        packed = next(folder.glob(f"*_{name}.nii.gz")).read_bytes()
        zlib.decompress(packed, wbits=31)
    return {"total": time.perf_counter() - start}


CONTENDERS: dict[str, Callable[[Path], dict[str, float]]] = {
    "gliobench": gliobench,
    "MONAI SegResNet-16, whole volume": monai_whole,
    "MONAI SegResNet-16, windows of 128³": monai_sliding,
    "floor: inflate four files": floor,
}


def main() -> None:
    """Run all contenders, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CONTENDERS)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--beside", type=Path, help="another checkout")
    arguments = parser.parse_args()
    if arguments.only:
        seconds = CONTENDERS[arguments.only](arguments.study)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak_mib}))
        return
    runs = {name: (name, Path(__file__).parents[2]) for name in arguments.contenders}
    if arguments.beside:
        runs["gliobench, the other checkout"] = "gliobench", arguments.beside.resolve()
    results: dict[str, list[dict]] = {title: [] for title in runs}
    for _ in range(arguments.rounds):
        for title, (name, checkout) in runs.items():
            results[title].append(_in_a_process(name, arguments.study.resolve(), checkout))
    _print(results, arguments)


def _in_a_process(name: str, study: Path, checkout: Path) -> dict:
    """Run a contender as the command `predict` does: NumPy's products start no threads."""
    script = checkout / "tests/benchmarks/one_study.py"
    own = {"PYTHONPATH": str(checkout / "src"), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(study), "--only", name]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **own}
    )
    return json.loads(done.stdout.splitlines()[-1])


def _print(results: dict[str, list[dict]], arguments: argparse.Namespace) -> None:
    print(f"{arguments.study.name}, {arguments.rounds} rounds, medians")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))))
    print(f"\n{'contender':40} {'seconds':>8} {'min':>7} {'max':>7} {'MiB':>6}")
    for name, taken in results.items():
        seconds = [one["seconds"]["total"] for one in taken]
        peak = max(one["peak_mib"] for one in taken)
        middle = statistics.median(seconds)
        print(f"{name:40} {middle:8.2f} {min(seconds):7.2f} {max(seconds):7.2f} {peak:6.0f}")
    for name in [name for name in results if name.startswith("gliobench")]:
        print(f"\nstages of {name}")
        for stage in results[name][0]["seconds"]:
            taken_s = [result["seconds"][stage] for result in results[name]]
            print(f"  {stage:42} {statistics.median(taken_s):6.3f}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except ImportError:
        return None


if __name__ == "__main__":
    main()
