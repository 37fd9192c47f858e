"""Build the page of a comparison with pictures and volumes: seconds, size and peak memory.

    python tests/benchmarks/report.py
    python tests/benchmarks/report.py --studies 1000 --backends 3

Scores, outlines, pictures and volumes are made up, in the run folders that `gliobench evaluate`
leaves, with as many vertices and as much detail as heads of 1 mm have. `gliobench compare` and
`gliobench report` then run in processes of their own.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.form_scores import box_score, point_score, polygon_score
from gliobench.adapters.pillow import WebpPictureEncoder
from gliobench.application.evaluate.save_cases import SIZE_PX, SavedImages
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.evaluation.saved_case import SavedCase, SavedSlice, SavedVolume, chosen
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Plane
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.predictions.prediction import Form, GradePrediction
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Grade, Modality
from gliobench.entrypoints.container import container

PLANE_GRID = Grid(shape=(240, 240, 3), affine=np.eye(4))
VOLUME_GRID = Grid(shape=(70, 86, 72), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
FORMS = frozenset({Form.POINT, Form.BOX, Form.POLYGON})
LGG_EVERY = 5
DISTINCT = 60
"""Heads and tumours that differ; a study has one of them."""


def main() -> None:
    """Make the runs, then build both pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=369)
    parser.add_argument("--backends", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"numpy {np.__version__}, scipy {scipy.__version__}")
    print(
        f"{arguments.studies} studies, {arguments.backends} backends, {SavedImages().volumes} volumes"
    )
    print(f"{'command':10} {'seconds':>8} {'CPU s':>7} {'MB':>7} {'peak MiB':>9}")
    with tempfile.TemporaryDirectory() as temporary:
        runs = Path(temporary) / "runs"
        _write_runs(runs, arguments.studies, arguments.backends)
        for command in ("compare", "report"):
            _measure(command, runs, Path(temporary) / command)


def _measure(command: str, runs: Path, out: Path) -> None:
    line = [sys.executable, "-m", "gliobench", command, str(runs), "--out", str(out)]
    start = time.perf_counter()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"{command} failed")
    size_mb = (out / "report.html").stat().st_size / 1e6
    cpu_s, peak_mib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(f"{command:10} {seconds:8.1f} {cpu_s:7.1f} {size_mb:7.1f} {peak_mib:9.0f}", flush=True)


def _write_runs(folder: Path, studies: int, backends: int) -> None:
    rng = np.random.default_rng(0)
    ids = [f"Made_up_{number:04}" for number in range(studies)]
    tumours = [_blob(rng) for _ in range(DISTINCT)]
    pictures = [_picture(rng) for _ in range(DISTINCT)]
    volumes = [_volume(rng) for _ in range(SavedImages().volumes)]
    with_volume = dict(zip(chosen(ids, len(volumes)), volumes, strict=False))
    for backend in range(backends):
        store = container.run_store(str(folder / f"backend-{backend}"))
        store.open(_manifest(f"backend-{backend}", studies))
        store.write_scores(_score(study_id, n, tumours, rng) for n, study_id in enumerate(ids))
        store.write_saved_cases(
            SavedCase(one, Modality.T1C, pictures[n % DISTINCT], with_volume.get(one))
            for n, one in enumerate(ids)
        )


def _manifest(backend: str, studies: int) -> RunManifest:
    return RunManifest(
        cohort="c" * 64,
        backend=backend,
        fingerprint="f" * 64,
        provenance={},
        grades=True,
        forms=FORMS,
        settings={},
        trained_on=frozenset(),
        seed=0,
        n_studies=studies,
        name="made up",
    )


def _score(
    study_id: str, n: int, tumours: list[TargetFacts], rng: np.random.Generator
) -> CaseScore:
    target, said = tumours[n % DISTINCT], tumours[(n + rng.integers(DISTINCT)) % DISTINCT]
    reference = Grade.LGG if n % LGG_EVERY == 0 else Grade.HGG
    p = float(np.clip(rng.normal(0.7 if reference is Grade.HGG else 0.5, 0.2), 0, 1))
    return CaseScore(
        study_id=study_id,
        patient_id=study_id,
        site=f"site {n % 12}",
        reference_grade=reference,
        grade=GradePrediction(Grade.HGG if p > 0.5 else Grade.LGG, p, raw="HGG, as it seems."),
        localisation={
            Form.POINT: FormOutcome(point_score(40 * rng.random(), hit=False), answer=said.point),
            Form.BOX: FormOutcome(box_score(rng.random()), answer=said.box),
            Form.POLYGON: FormOutcome(polygon_score(rng.random()), answer=said.polygon),
        },
        plane=target.plane,
        target=target,
        content_hash=study_id,
    )


def _blob(rng: np.random.Generator) -> TargetFacts:
    """Make a ragged tumour on the plane, with an outline as long as a mask's of 1 mm is."""
    noise = gaussian_filter(rng.normal(size=(240, 240)), 5)
    first, second = np.indices((240, 240))
    i, j = rng.integers(80, 160, 2)
    near = np.exp(-((first - i) ** 2 + (second - j) ** 2) / (2 * 22.0**2))
    whole: BoolArray = np.zeros(PLANE_GRID.shape, dtype=np.bool_)
    whole[:, :, 1] = near + 3 * noise > 0.55
    plane = largest_plane(whole, Axis.AXIAL)
    return TargetFacts.of(whole, grid=PLANE_GRID, plane=plane, brain=None)


def _picture(rng: np.random.Generator) -> SavedSlice:
    noise = gaussian_filter(rng.normal(size=(SIZE_PX, SIZE_PX)), 1.2)
    noise += 2 * gaussian_filter(rng.normal(size=(SIZE_PX, SIZE_PX)), 5) * 5
    rows, columns = (np.indices((SIZE_PX, SIZE_PX)) - SIZE_PX / 2) / (SIZE_PX / 2)
    inside = (rows / 0.98) ** 2 + (columns / 0.8) ** 2 < 1
    grey = np.where(inside, np.clip(110 + 60 * noise / noise.std(), 1, 255), 0).astype(np.uint8)
    view = SliceView.of(PLANE_GRID, Plane(Axis.AXIAL, 1), SIZE_PX)
    return SavedSlice(view, WebpPictureEncoder().encode(grey))


def _volume(rng: np.random.Generator) -> SavedVolume:
    noise = gaussian_filter(rng.normal(size=VOLUME_GRID.shape), 1.0)
    places = np.indices(VOLUME_GRID.shape) - np.array(VOLUME_GRID.shape)[:, None, None, None] / 2
    inside = (places**2).sum(axis=0) < 34**2
    grey = np.where(inside, np.clip(110 + 40 * noise / noise.std(), 1, 255), 0).astype(np.uint8)
    tumour = ((places - 10) ** 2).sum(axis=0) + 300 * noise / noise.std() < 14**2
    mask = tumour.astype(np.uint8)
    return SavedVolume(VOLUME_GRID, grey, reference=mask, prediction=np.roll(mask, 2, axis=0))


if __name__ == "__main__":
    main()
