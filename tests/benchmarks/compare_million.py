"""Compare runs of ever more studies: seconds and peak memory, up to a million rows of scores.

    python tests/benchmarks/compare_million.py
    python tests/benchmarks/compare_million.py --sizes 1000000x2

Scores are made up, in the run folders that `gliobench evaluate` leaves: two networks that segment,
two language models that answer on a slice and fail now and then, and a baseline. One patient in ten
came twice, a fifth of the sites sent one grade only. `gliobench compare` runs in a process of its
own, with all that it does for a user: reading, audits, statistics, page and tables.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import scipy

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.form_scores import box_score, mask_score, point_score, polygon_score, region_score
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Place, Scores
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, Box, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade
from gliobench.entrypoints.container import container

PREVALENCE = 0.794
SITES = 20
DISTINCT = 20_000
"""Studies whose scores are drawn; beyond, they are given to other patients, a little changed."""
TARGETS = 2_000
"""Tumours that differ; a study has one of them."""
SCORES = ("probability_hgg", "_error_mm", "_iou", "_dice", "_hd95_mm", "_nsd")
ON_PLANE = frozenset({Form.POINT, Form.BOX, Form.POLYGON})


@dataclass(frozen=True, slots=True)
class Made:
    """A backend that is made up.

    Args:
        name: Of the backend.
        skill: How far apart it draws the grades; None says HGG each time, without a probability.
        off_mm: How far off the tumour it answers.
        forms: What it answers.
        fails: Share of studies that it has no answer to.
    """

    name: str
    skill: float | None
    off_mm: float
    forms: frozenset[Form]
    fails: float = 0.0


BACKENDS = (
    Made("segmenter", 2.0, 3.0, frozenset(Form)),
    Made("speaker", 0.3, 30.0, ON_PLANE, fails=0.05),
    Made("smaller-segmenter", 1.6, 5.0, frozenset(Form)),
    Made("fine-tuned-speaker", 0.8, 20.0, ON_PLANE, fails=0.02),
    Made("middle", None, 45.0, frozenset({Form.POINT, Form.BOX})),
)


def main() -> None:
    """Make runs up and compare them, size by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = ["369x5", "5000x5", "50000x5", "200000x5"]
    parser.add_argument("--sizes", nargs="+", default=sizes, metavar="STUDIESxBACKENDS")
    parser.add_argument("--replicates", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="Folder of the runs; made anew where absent.")
    arguments = parser.parse_args()
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}, pyarrow {pa.__version__}"
    print(f"{_processor()}, Python {platform.python_version()}, {versions}")
    print(f"{arguments.replicates:,} bootstrap cohorts of differences")
    print(
        f"{'studies':>9} {'backends':>9} {'rows':>10} {'seconds':>9} {'CPU s':>9} {'peak MiB':>9} {'page MiB':>9}"
    )
    for size in arguments.sizes:
        studies, backends = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as temporary:
            folder = (arguments.keep or Path(temporary)) / size
            if not folder.is_dir():
                _make(folder, studies, BACKENDS[:backends])
            _measure(folder, Path(temporary) / "out", studies, backends, arguments.replicates)


def _measure(runs: Path, out: Path, studies: int, backends: int, replicates: int) -> None:
    command = [sys.executable, "-m", "gliobench", "compare", str(runs), "--out", str(out)]
    start = time.perf_counter()
    options = ["--replicates", str(replicates)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"compare of {runs} failed")
    page_mib = (out / "report.html").stat().st_size / 2**20
    peak_mib, cpu_s = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    numbers = f"{seconds:>9.1f} {cpu_s:>9.1f} {peak_mib:>9.0f} {page_mib:>9.1f}"
    print(f"{studies:>9,} {backends:>9} {studies * backends:>10,} {numbers}", flush=True)


def _make(folder: Path, studies: int, backends: tuple[Made, ...]) -> None:
    rng = np.random.default_rng(0)
    targets = [_target(rng) for _ in range(TARGETS)]
    for at, made in enumerate(backends):
        store, draws = container.run_store(str(folder / made.name)), np.random.default_rng(at + 1)
        store.open(_manifest(made, studies))
        store.write_scores(_cases(made, min(studies, DISTINCT), targets, draws))
        file = folder / made.name / "scores.parquet"
        block = pq.ParquetFile(file).read()
        with pq.ParquetWriter(file, block.schema) as writer:
            for start in range(0, studies, DISTINCT):
                rows = block.slice(0, studies - start)
                writer.write_table(_as_others(rows, start, draws), row_group_size=4096)


def _manifest(made: Made, studies: int) -> RunManifest:
    return RunManifest(
        cohort="c" * 64,
        backend=made.name,
        fingerprint="f" * 64,
        provenance={},
        facts=BackendFacts(baseline="the middle" if made.skill is None else ""),
        grades=True,
        forms=made.forms,
        settings={},
        trained_on=frozenset({patient_hash("another patient")}),
        seed=0,
        n_studies=studies,
    )


def _as_others(rows: pa.Table, start: int, rng: np.random.Generator) -> pa.Table:
    """Give rows to other patients, and scores that differ a little, so that none tie."""
    numbers = range(start, start + len(rows))
    texts = {
        "study_id": [f"study-{one:07}" for one in numbers],
        "patient_id": [f"patient-{one - one % 10 // 9:07}" for one in numbers],
        "image_hash": [f"{one:016x}" for one in numbers],
    }
    for name, values in texts.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values))
    for at, field in enumerate(rows.schema):
        if field.name.endswith(SCORES):
            factor = pa.array(rng.uniform(1 - 1e-6, 1, len(rows)))
            rows = rows.set_column(at, field, pc.multiply(rows.column(at), factor))
    return rows


def _cases(
    made: Made, studies: int, targets: list[TargetFacts], rng: np.random.Generator
) -> Iterator[CaseScore]:
    facts = np.random.default_rng(0)  # of the studies: the same for every backend
    for _ in range(studies):
        hgg, site = bool(facts.random() < PREVALENCE), int(facts.integers(SITES))
        target = targets[int(facts.integers(TARGETS))]
        failed = rng.random() < made.fails
        failure = Failure(FailureReason.NO_NUMBERS, "no numbers") if failed else None
        yield CaseScore(
            study_id="",
            patient_id="",
            site=f"site-{site:02}",
            reference_grade=Grade.HGG if hgg or site >= SITES * 4 // 5 else Grade.LGG,
            grade=failure or _grade(made, rng, hgg=hgg),
            localisation={form: _outcome(made, form, target, failure, rng) for form in made.forms},
            plane=target.plane,
            target=target,
        )


def _grade(made: Made, rng: np.random.Generator, *, hgg: bool) -> GradePrediction:
    if made.skill is None:
        return GradePrediction(Grade.HGG)
    odds = rng.normal(made.skill * (1 if hgg else -1) / 2 + 0.5)
    return GradePrediction(Grade.HGG if odds > 0 else Grade.LGG, float(1 / (1 + np.exp(-odds))))


def _outcome(
    made: Made, form: Form, target: TargetFacts, failure: Failure | None, rng: np.random.Generator
) -> FormOutcome:
    if failure is not None:
        return FormOutcome(worst_scores(form), failure)
    x, y = (round(one, 1) for one in rng.normal(scale=made.off_mm / 2**0.5, size=2))
    error_mm = float(np.hypot(x, y))
    return FormOutcome(_score(form, error_mm), answer=_moved(form, target, x, y))


def _score(form: Form, error_mm: float) -> Scores:
    overlap = float(np.exp(-error_mm / 20))
    match form:
        case Form.MASK:
            part = region_score(overlap, overlap / (2 - overlap), error_mm, overlap, 100 * error_mm)
            return mask_score(dict.fromkeys(Region, part))
        case Form.POINT | Form.POINT_3D:
            return point_score(error_mm, hit=error_mm < 10)
        case Form.POLYGON:
            return polygon_score(overlap)
    return box_score(overlap)


def _moved(form: Form, target: TargetFacts, x: float, y: float) -> Place | None:
    """Move the tumour by (x, y); what a box in the volume is, nobody asks."""
    (i0, j0), (i1, j1) = target.box.start, target.box.stop
    i, j = max(-i0, round(x)), max(-j0, round(y))
    first, second = target.point.at
    match form:
        case Form.POINT:
            return Point(target.plane, (first + x, second + y))
        case Form.BOX:
            return Box(target.plane, (i0 + i, j0 + j), (i1 + i, j1 + j))
        case Form.POLYGON:
            vertices = tuple((u + x, v + y) for u, v in target.polygon.vertices)
            return Polygon(target.plane, vertices)
    return None


def _target(rng: np.random.Generator) -> TargetFacts:
    """Draw a round tumour, outlined by 32 vertices, somewhere in the brain."""
    grid = Grid(shape=(240, 240, 155), affine=np.diag((1.0, 1.0, 1.0, 1.0)))
    plane = Plane(Axis.AXIAL, int(rng.integers(50, 100)))
    i, j = rng.uniform(85, 155), rng.uniform(75, 165)
    radius = rng.uniform(6, 30)
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    around = np.column_stack((i + radius * np.cos(angles), j + radius * np.sin(angles))).round(1)
    return TargetFacts(
        grid=grid,
        volume_mm3=4 / 3 * np.pi * radius**3,
        centre=Point3D((i, j, float(plane.index))),
        point=Point(plane, (i, j)),
        box=Box(
            plane, (int(i - radius), int(j - radius)), (int(i + radius) + 1, int(j + radius) + 1)
        ),
        polygon=Polygon(plane, tuple((float(u), float(v)) for u, v in around)),
        area_mm2=np.pi * radius**2,
        brain=Point3D((120.0, 120.0, 75.0)),
        right_share=float(np.clip(0.5 + (i - 120) / radius / 2, 0, 1)),
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  no path of ours
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        return platform.processor() or platform.machine()
    return f"{names[0]}, {len(names)} threads"


if __name__ == "__main__":
    main()
