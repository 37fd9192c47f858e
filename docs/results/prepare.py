"""Print how well raw images are prepared, by heads whose motions and brains are known.

    PYTHONPATH=tests python docs/results/prepare.py OUT DATASET[@ID+ID+…] … [--raw FOLDER --ready FOLDER]
        [--stripped DATASET]

A dataset is a folder of stripped studies with reference masks, or phantom:COUNT:SEED:SPACING_MM; without ids its
first study is taken. Each brain is put into a head (fluid, bone, marrow, muscle, fat, shading, noise), which is
turned by up to 30 degrees and shifted by up to 40 mm before T1c is scanned, and moves by up to 15 degrees and
20 mm before each other sequence. Scans have voxels of 0.9 x 0.9 x 5.5 mm, and are written and read as DICOM.

Columns: mean error of the registration of each sequence to T1c over the brain's voxels, in mm; Dice of the brain;
share of the reference tumour outside of the brain found; seconds of one core for the preparation. Then Dice of the
whole tumour, of one network, as one step after the other is taken from the study as it was to the head:

    direct      on the study as it was
    voxels      the same mask, scored on the voxels of T1c as scanned
    thick       brains alone, scanned in thick slices, registered by the known motions
    head        scans of the head, registered by the known motions, within the known brain
    registered  the same, registered as found
    found       within the brain as found, without the bias field: what `predict --prepare` answers

With --raw, a real study as its scanner left it is prepared, predicted, and compared with its prediction as the
organisers of BraTS prepared it (--ready). With --stripped, all studies of a dataset in BraTS's place are predicted
as they are and without their bias fields.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy import ndimage

from fakes.dicom_files import SCANS, Writer
from fakes.scanned_head import brain_of, in_a_head, scanned, turned
from gliobench.application.ports.registrar import Scan
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import Place
from gliobench.application.prepare.bias_fields import bias_fields, unbiased
from gliobench.application.prepare.preparation import FILE_GRID, PREPARED_GRID, Preparation
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import pulled, pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.container import adopt, configure, container
from gliobench.entrypoints.settings import changed

BACKEND = "cnn-onnx"
KEY = "a key for the pseudonyms of phantoms"
LARGEST = 32000
"""Value that is stored."""
STEPS = ("direct", "voxels", "thick", "head", "registered", "found")
TITLES = ("study", "errors, mm", "brain", "tumour lost, %", *STEPS, "s")


@dataclass(frozen=True)
class Scanned:
    """A head in the scanner.

    Attributes:
        study: The brain as it was.
        tumour: (I, J, K) bool, its reference.
        motions: From the world of the study to that of each scan.
        bare: The scans of the brain alone, each with its grid.
        heads: Those of the brain in a head.
    """

    study: Study
    tumour: np.ndarray
    motions: dict[Modality, Rigid]
    bare: dict[Modality, tuple[np.ndarray, Grid]]
    heads: dict[Modality, tuple[np.ndarray, Grid]]


def main() -> None:
    """Print a row for each study, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("datasets", nargs="*")
    parser.add_argument("--raw")
    parser.add_argument("--ready")
    parser.add_argument("--stripped")
    given = parser.parse_args()
    configure({"labels": "brats-gli-2017", "dicom.pseudonym_key": KEY, "cache_dir": str(given.out)})
    if given.datasets:
        print(f"| {' | '.join(TITLES)} |\n{'|---' * len(TITLES)}|", flush=True)
        rows = [row for name in given.datasets for row in rows_of(name)]
        summarise(rows)
    if given.raw:
        compare_real(given.raw, given.ready)
    if given.stripped:
        compare_stripped(given.stripped)


def rows_of(dataset: str) -> list[dict]:
    """Prepare some studies of a dataset."""
    name, _, ids = dataset.partition("@")
    source = open_plain(name)
    chosen = ids.split("+") if ids else source.study_ids()[:1]
    return [row_of(source.study(study_id), source.reference(study_id)) for study_id in chosen]


def row_of(study: Study, reference) -> dict:
    """Scan one brain in a head, prepare it and predict, and measure against what is known."""
    case = case_of(study, reference.regions[Region.WT])
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder))
        for modality, (voxels, grid) in case.heads.items():
            stored = np.rint(voxels * min(4, LARGEST / voxels.max())).astype(np.int16)
            writer.series(stored, grid, SCANS[modality])
        prepared, backend = open_prepared(folder)
        scan = prepared.study(prepared.study_ids()[0])
        start = time.process_time()
        made = scan.preparation
        seconds = time.process_time() - start
        predicted = whole(backend, scan)
    on_t1c = case.motions[Modality.T1C]
    to_ready = on_t1c.then(made.to_template)
    brain = brain_of(case.study.volumes)
    true_brain, true_tumour = (
        pulled_region(mask, source=case.study.grid, target=PREPARED_GRID, motion=to_ready)
        for mask in (brain, case.tumour)
    )
    row = {
        "study": study.id,
        "errors, mm": errors_mm(case, made, brain),
        "brain": dice(made.brain, true_brain),
        "tumour lost, %": 100 * float((true_tumour & ~made.brain).sum() / true_tumour.sum()),
        **steps_of(case, made, true_brain, scan.grid),
        "s": seconds,
    }
    row["found"] = dice(predicted, pulled_tumour(case, scan.grid))
    print(line(row), flush=True)
    return row


def case_of(study: Study, tumour: np.ndarray) -> Scanned:
    """Put a brain into a head, draw how it moves, and scan it with and without the head."""
    seed, brain = crc32(study.id.encode()), cut_out(study)
    random, head = np.random.default_rng([seed, 55]), in_a_head(brain, seed=seed)
    middle = tuple(head.grid.to_mm(tuple((n - 1) / 2 for n in head.grid.shape)))
    motions = {Modality.T1C: drawn(random, middle, 30, 40)}
    for modality in head.volumes:
        motions.setdefault(modality, drawn(random, middle, 15, 20).then(motions[Modality.T1C]))
    around = [(n - m) // 2 for n, m in zip(head.grid.shape, brain.grid.shape, strict=True)]
    alone = {m: np.pad(brain.volume(m), [(n, n) for n in around]) for m in brain.volumes}
    bare, heads = (
        {m: scanned(volumes[m], head.grid, motion=motions[m]) for m in volumes}
        for volumes in (alone, head.volumes)
    )
    return Scanned(study, tumour, motions, bare, heads)


def cut_out(study: Study) -> Study:
    """Cut a study to the box of its brain, about which the head is laid."""
    (box,) = ndimage.find_objects(brain_of(study.volumes).astype(np.uint8))
    volumes = {m: study.volume(m)[box] for m in study.volumes}
    return replace(study, grid=study.grid.part(box), native_grid=None, volumes=volumes)


def steps_of(case: Scanned, made: Preparation, brain: np.ndarray, grid: Grid) -> dict[str, float]:
    """Return the Dice of the whole tumour after each step from the study to its head."""
    to_t1c, wanted = case.motions[Modality.T1C], pulled_tumour(case, grid)
    direct = whole(plain_backend(), case.study)
    placed = pulled_region(direct, source=case.study.grid, target=grid, motion=to_t1c)
    known = {
        m: motion.inverse.then(to_t1c).then(made.to_template) for m, motion in case.motions.items()
    }
    found = {m: made.motion(m) for m in case.motions}
    steps = {
        "thick": (case.bare, known),
        "head": (case.heads, known),
        "registered": (case.heads, found),
    }
    after = {
        name: dice(predicted_on(grid, made, laid(scans, motions, brain)), wanted)
        for name, (scans, motions) in steps.items()
    }
    return {"direct": dice(direct, case.tumour), "voxels": dice(placed, wanted), **after}


def pulled_tumour(case: Scanned, grid: Grid) -> np.ndarray:
    """Return the reference on T1c as scanned."""
    motion = case.motions[Modality.T1C]
    return pulled_region(case.tumour, source=case.study.grid, target=grid, motion=motion)


def laid(scans: dict, motions: dict[Modality, Rigid], brain: np.ndarray) -> Study:
    """Lay scans on the grid of BraTS, within a brain."""
    volumes = {
        m: brain * pulled(voxels, source=grid, target=PREPARED_GRID, motion=motions[m])
        for m, (voxels, grid) in scans.items()
    }
    return Study("laid", "laid", PREPARED_GRID, volumes, native_grid=FILE_GRID)


def predicted_on(grid: Grid, made: Preparation, ready: Study) -> np.ndarray:
    """Predict on prepared images, and bring the mask to T1c as scanned."""
    return pulled_region(
        whole(plain_backend(), ready),
        source=PREPARED_GRID,
        target=grid,
        motion=made.to_template.inverse,
    )


def errors_mm(case: Scanned, made: Preparation, brain: np.ndarray) -> list[float]:
    """Return how far the registration to T1c moved each other sequence beside its place."""
    affine = case.study.grid.affine
    places = np.argwhere(brain)[::97] @ affine[:3, :3].T + affine[:3, 3]
    return [
        error_mm(
            made.to_anchor[m],
            motion.inverse.then(case.motions[Modality.T1C]),
            motion.moved(places),
        )
        for m, motion in case.motions.items()
        if m is not Modality.T1C
    ]


def drawn(random: np.random.Generator, middle, degrees: float, mm: float) -> Rigid:
    """Draw a motion: a turn about a random axis and a shift in a random direction, half of the most or more."""
    axis, way = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
    turn, shift = random.uniform(0.5, 1, 2) * (degrees, mm)
    return turned(tuple(axis * turn), tuple(way * shift), middle)


def error_mm(found: Rigid, true: Rigid, places: np.ndarray) -> float:
    """Return the mean distance of places after two motions."""
    return float(np.linalg.norm(found.moved(places) - true.moved(places), axis=1).mean())


def whole(backend, study: Study) -> np.ndarray:
    """Return the whole tumour that a backend finds."""
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


@cache
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
    digits = {"brain": 3, "tumour lost, %": 2, **dict.fromkeys(STEPS, 3), "s": 0}
    return f"| {' | '.join(cells + [f'{row[name]:.{n}f}' for name, n in digits.items()])} |"


def summarise(rows: list[dict]) -> None:
    """Print medians and worst values, and what each step costs."""
    errors = [mm for row in rows for mm in row["errors, mm"]]
    print(
        f"\nregistration: median {np.median(errors):.2f} mm, worst {max(errors):.2f} mm ({len(errors)})"
    )
    for name, worst in (("brain", min), ("tumour lost, %", max), ("s", max)):
        values = [row[name] for row in rows]
        print(f"{name}: median {np.median(values):.3f}, worst {worst(values):.3f}")
    for before, after in (("direct", "found"), *pairwise(STEPS)):
        lost = [row[before] - row[after] for row in rows]
        print(f"{before} to {after}: Dice lost, mean {np.mean(lost):.3f}, worst {max(lost):.3f}")


def compare_real(raw: str, ready: str) -> None:
    """Compare a raw study with what BraTS's organisers made of it."""
    source, backend = open_prepared(raw)
    scan = source.study(source.study_ids()[0])
    there = open_plain(ready)
    study = there.study(there.study_ids()[0])
    brain = brain_of(study.volumes)
    t1 = {name: one.volume(Modality.T1N) for name, one in (("raw", scan.ready), ("ready", study))}
    between = (
        container.registrar()
        .register(fixed=Scan(t1["raw"], PREPARED_GRID), moving=Scan(t1["ready"], study.grid))
        .motion
    )
    moved = pulled_region(brain, source=study.grid, target=PREPARED_GRID, motion=between)
    to_scan = between.then(scan.preparation.to_template.inverse)
    plain = plain_backend()
    tumour = pulled_region(whole(plain, study), source=study.grid, target=scan.grid, motion=to_scan)
    found = whole(backend, scan)
    extracted = scan.preparation.brain
    missed, extra = ((part.sum() / 1000) for part in (moved & ~extracted, extracted & ~moved))
    print(
        f"\nraw study: brain Dice {dice(extracted, moved):.3f}, {missed:.0f} ml missed, {extra:.0f} too many"
    )
    print(
        f"mask Dice {dice(found, tumour):.3f}; {grade(backend, scan)} from raw, {grade(plain, study)} from ready"
    )
    print(f"place of the template differs by {between.degrees:.1f} degrees")


def compare_stripped(dataset: str) -> None:
    """Print the mean Dice on the images of a dataset as they are, and without their bias fields."""
    source = open_plain(dataset)
    both = []
    for study_id in source.study_ids():
        study, wanted = source.study(study_id), source.reference(study_id).regions
        both.append([regions_dice(seen, wanted) for seen in (study, without_bias(study))])
    titles = ", ".join(region.value for region in NESTED)
    for name, means in zip(
        ("as they are", "without their bias fields"), np.mean(both, axis=0), strict=True
    ):
        scores = ", ".join(f"{score:.3f}" for score in means)
        print(f"{len(both)} stripped studies {name}: Dice {titles} {scores}")


def without_bias(study: Study) -> Study:
    """Take the bias fields out of a stripped study."""
    still = dict.fromkeys(study.volumes, Rigid.none())
    scans = {m: Scan(study.volume(m), study.grid) for m in study.volumes}
    brain = pulled_region(
        brain_of(study.volumes), source=study.grid, target=PREPARED_GRID, motion=Rigid.none()
    )
    fields = bias_fields(container.bias_fields(), scans, still, brain)
    volumes = {
        m: unbiased(study.volume(m), field, grid=study.grid, motion=Rigid.none())
        for m, field in fields.items()
    }
    return replace(study, volumes=volumes)


def regions_dice(study: Study, wanted: dict) -> list[float]:
    """Return the Dice of each region that is predicted; 0 where no tumour is found."""
    place = predict_study(study, plain_backend(), force=True).place
    if not isinstance(place, Place) or place.mask is None:
        return [0.0] * len(NESTED)
    return [dice(place.mask.regions[region], wanted[region]) for region in NESTED]


def grade(backend, study: Study) -> str:
    """Return the grade that a backend gives."""
    (answer,) = backend.classifier.classify([study])
    return f"{answer.grade.value} ({answer.probability_hgg:.2f})"


if __name__ == "__main__":
    main()
