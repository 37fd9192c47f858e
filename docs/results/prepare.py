"""Print how well raw images are prepared, by heads whose motions and brains are known.

    PYTHONPATH=tests python docs/results/prepare.py OUT DATASET[@FIRST+COUNT] … [--raw FOLDER --ready FOLDER]

A dataset is a folder of stripped studies with reference masks, or phantom:COUNT:SEED:SPACING_MM. Each brain is
put into a head (fluid, bone, marrow, muscle, fat, shading, noise), which is turned by up to 30 degrees and
shifted by up to 40 mm before T1c is scanned, and moves by up to 15 degrees and 20 mm before each other sequence.
Scans have voxels of 0.9 x 0.9 x 5.5 mm, and are written and read as DICOM.

Columns: mean error of the registration of each sequence to T1c over the brain's voxels, in mm; Dice of the brain;
share of the reference tumour outside of the brain found; Dice of the whole tumour after the preparation, on T1c as
scanned, beside that of the same network on the study as it was, and on the same thick slices without skull or
motion; seconds of one core for the preparation.

With --raw, a real study as its scanner left it is prepared, predicted, and compared with its prediction as the
organisers of BraTS prepared it (--ready).
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fakes.dicom_files import SCANS, Writer
from fakes.scanned_head import brain_of, in_a_head, scanned, turned
from gliobench.application.prepare.preparation import PREPARED_GRID
from gliobench.domain.geometry.resampling import pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.container import adopt, configure, container
from gliobench.entrypoints.settings import changed

BACKEND = "cnn-onnx"
KEY = "a key for the pseudonyms of phantoms"
TITLES = ("study", "errors, mm", "brain", "tumour lost, %", "WT", "WT direct", "WT thick", "s")


def main() -> None:
    """Print a row for each study, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("datasets", nargs="*")
    parser.add_argument("--raw")
    parser.add_argument("--ready")
    given = parser.parse_args()
    configure({"labels": "brats-gli-2017", "dicom.pseudonym_key": KEY, "cache_dir": str(given.out)})
    if given.datasets:
        print(f"| {' | '.join(TITLES)} |\n{'|---' * len(TITLES)}|", flush=True)
        rows = [row for name in given.datasets for row in rows_of(name)]
        summarise(rows)
    if given.raw:
        compare_real(given.raw, given.ready)


def rows_of(dataset: str) -> list[dict]:
    """Prepare some studies of a dataset."""
    name, _, part = dataset.partition("@")
    first, _, count = part.partition("+")
    source = open_plain(name)
    chosen = source.study_ids()[int(first or 0) :][: int(count or 1)]
    return [
        row_of(source.study(one), source.reference(one), seed) for seed, one in enumerate(chosen)
    ]


def row_of(study: Study, reference, seed: int) -> dict:
    """Scan one brain in a head, prepare it and predict, and measure against what is known."""
    random = np.random.default_rng([seed, 55])
    head = in_a_head(study, seed=seed)
    middle = tuple(head.grid.to_mm(tuple((n - 1) / 2 for n in head.grid.shape)))
    motions = {Modality.T1C: drawn(random, middle, 30, 40)}
    for modality in head.volumes:
        motions.setdefault(modality, drawn(random, middle, 15, 20).then(motions[Modality.T1C]))
    with tempfile.TemporaryDirectory() as folder:
        writer, grids = Writer(Path(folder)), {}
        for modality, volume in head.volumes.items():
            voxels, grids[modality] = scanned(volume, head.grid, motion=motions[modality])
            writer.series(np.rint(voxels * 4).astype(np.int16), grids[modality], SCANS[modality])
        prepared, backend = open_prepared(folder)
        scan = prepared.study(prepared.study_ids()[0])
        start = time.process_time()
        made = scan.preparation
        seconds = time.process_time() - start
        predicted = whole(backend, scan)
    brain = brain_of(study.volumes)
    tumour = reference.regions[Region.WT]
    to_ready = motions[Modality.T1C].then(made.to_template)
    ready = {
        name: pulled_region(mask, source=study.grid, target=PREPARED_GRID, motion=to_ready)
        for name, mask in (("brain", brain), ("tumour", tumour))
    }
    on_t1c = pulled_region(
        tumour, source=study.grid, target=scan.grid, motion=motions[Modality.T1C]
    )
    places = np.argwhere(brain)[::97] @ study.grid.affine[:3, :3].T + study.grid.affine[:3, 3]
    row = {
        "study": study.id,
        "errors, mm": [
            error_mm(
                made.to_anchor[m],
                motions[m].inverse.then(motions[Modality.T1C]),
                motions[m].moved(places),
            )
            for m in motions
            if m is not Modality.T1C
        ],
        "brain": dice(made.brain, ready["brain"]),
        "tumour lost, %": 100
        * float((ready["tumour"] & ~made.brain).sum() / ready["tumour"].sum()),
        "WT": dice(predicted, on_t1c),
        "WT direct": dice(whole(plain_backend(), study), tumour),
        "WT thick": thick_dice(study, tumour),
        "s": seconds,
    }
    print(line(row), flush=True)
    return row


def drawn(random: np.random.Generator, middle, degrees: float, mm: float) -> Rigid:
    """Draw a motion: a turn about a random axis and a shift in a random direction, half of the most or more."""
    axis, way = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
    turn, shift = random.uniform(0.5, 1, 2) * (degrees, mm)
    return turned(tuple(axis * turn), tuple(way * shift), middle)


def error_mm(found: Rigid, true: Rigid, places: np.ndarray) -> float:
    """Return the mean distance of places after two motions."""
    return float(np.linalg.norm(found.moved(places) - true.moved(places), axis=1).mean())


def thick_dice(study: Study, tumour: np.ndarray) -> float:
    """Predict on the same thick slices, without skull and motion."""
    scans = {m: scanned(study.volume(m), study.grid, motion=Rigid.none()) for m in study.volumes}
    grid = scans[Modality.T1C][1]
    thick = replace(
        study, grid=grid, native_grid=None, volumes={m: one for m, (one, _) in scans.items()}
    )
    wanted = pulled_region(tumour, source=study.grid, target=grid, motion=Rigid.none())
    return dice(whole(plain_backend(), thick), wanted)


def whole(backend, study: Study) -> np.ndarray:
    """Return the whole tumour that a backend finds."""
    from gliobench.application.predict.predict_study import Place, predict_study

    place = predict_study(study, backend, force=True).place
    if isinstance(place, Place) and place.mask:
        return place.mask.whole
    return np.zeros(study.grid.shape, dtype=bool)


def open_plain(name: str):
    """Open a dataset as it is."""
    set_prepare(False)
    return container.labelled_dataset(name)


def open_prepared(name: str):
    """Open a dataset that is prepared, and the backend that answers about it."""
    set_prepare(True)
    source = container.dataset(name)
    (backend,) = container.load_backends([BACKEND], source)
    set_prepare(False)
    return source, backend


def plain_backend():
    """Load the backend for stripped studies."""
    (backend,) = container.load_backends([BACKEND])
    return backend


def set_prepare(enabled: bool) -> None:
    """Switch the preparation on or off."""
    adopt(changed(container.settings(), {"prepare": {"enabled": enabled}}))


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the overlap of two masks."""
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))


def line(row: dict) -> str:
    """Write a row of the table."""
    cells = [row["study"], " ".join(f"{mm:.2f}" for mm in row["errors, mm"])]
    digits = {"brain": 3, "tumour lost, %": 2, "WT": 3, "WT direct": 3, "WT thick": 3, "s": 0}
    return f"| {' | '.join(cells + [f'{row[name]:.{n}f}' for name, n in digits.items()])} |"


def summarise(rows: list[dict]) -> None:
    """Print medians and worst values."""
    errors = [mm for row in rows for mm in row["errors, mm"]]
    print(
        f"\nregistration: median {np.median(errors):.2f} mm, worst {max(errors):.2f} mm ({len(errors)})"
    )
    for name, worst in (("brain", min), ("tumour lost, %", max), ("s", max)):
        values = [row[name] for row in rows]
        print(f"{name}: median {np.median(values):.3f}, worst {worst(values):.3f}")
    for beside in ("WT direct", "WT thick"):
        lost = [row[beside] - row["WT"] for row in rows]
        print(f"WT Dice below {beside}: mean {np.mean(lost):.3f}, worst {max(lost):.3f}")


def compare_real(raw: str, ready: str) -> None:
    """Compare a raw study with what BraTS's organisers made of it."""
    source, backend = open_prepared(raw)
    scan = source.study(source.study_ids()[0])
    there = open_plain(ready)
    study = there.study(there.study_ids()[0])
    brain = brain_of(study.volumes)
    t1 = {name: one.volume(Modality.T1N) for name, one in (("raw", scan.ready), ("ready", study))}
    from gliobench.application.ports.registrar import Scan

    between = (
        container.registrar()
        .register(fixed=Scan(t1["raw"], PREPARED_GRID), moving=Scan(t1["ready"], study.grid))
        .motion
    )
    moved = pulled_region(brain, source=study.grid, target=PREPARED_GRID, motion=between)
    to_scan = between.then(scan.preparation.to_template.inverse)
    (plain,) = [plain_backend()]
    tumour = pulled_region(whole(plain, study), source=study.grid, target=scan.grid, motion=to_scan)
    found = whole(backend, scan)
    print(f"\nraw study: brain Dice {dice(scan.preparation.brain, moved):.3f}")
    print(
        f"mask Dice {dice(found, tumour):.3f}; {grade(backend, scan)} from raw, {grade(plain, study)} from ready"
    )
    print(f"place of the template differs by {between.degrees:.1f} degrees")


def grade(backend, study: Study) -> str:
    """Return the grade that a backend gives."""
    (answer,) = backend.classifier.classify([study])
    return f"{answer.grade.value} ({answer.probability_hgg:.2f})"


if __name__ == "__main__":
    main()
