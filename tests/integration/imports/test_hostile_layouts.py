"""What people really hand over: one line each, and no study leaves a denominator."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from conftest import SharedFolder
from fakes.fake_study_source import fake_case
from fakes.study_folder import OF_2017, write_image, write_study
from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.errors import GliobenchError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.predictions.prediction import Failure, Form, LocalisationPrediction, Mask
from gliobench.entrypoints.container import container

GRID = Grid((12, 14, 10), np.array([[1.0, 0, 0, -6], [0, 1, 0, -7], [0, 0, 2, 0], [0, 0, 0, 1]]))
IDS = ("BraTS-001", "BraTS-0010", "Case 2", "case 2")
CASES = {
    study_id: replace(case, study=replace(case.study, grid=GRID, native_grid=GRID))
    for study_id in IDS
    for case in [fake_case(study_id)]
}
LABELS = {
    study_id: OF_2017.convention.merge(case.reference.regions) for study_id, case in CASES.items()
}
FIRST = IDS[0]


@pytest.fixture
def source(shared_folder: SharedFolder) -> BratsStudySource:
    def fill(folder: Path) -> None:
        for case in CASES.values():
            write_study(folder, case, convention=OF_2017.convention)

    return BratsStudySource(shared_folder("hostile layouts", fill)).labelled(OF_2017)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The references themselves, as a tool would write them, and their grades."""
    for study_id, labels in LABELS.items():
        write_image(tmp_path / f"{study_id}.nii.gz", labels, GRID)
    rows = "".join(f"{study_id},0.75\n" for study_id in IDS)
    (tmp_path / "grades.csv").write_text(f"study_id,probability_hgg\n{rows}")
    return tmp_path


@dataclass(frozen=True)
class Layout:
    """A way in which files are handed over.

    Args:
        damage: Done to a folder of sound masks and grades.
        table: Options besides the folder of masks.
        refused: What the one line says that ends the import; empty where it goes on.
        failed: The reason of the first study's failure; empty where it is answered.
        said: What that failure's line says.
        unused: What is reported of files that are not used.
    """

    damage: Callable[[Path], object]
    table: tuple[tuple[str, object], ...] = ()
    refused: str = ""
    failed: str = ""
    said: str = ""
    unused: str = ""


def mask(
    labels: object, grid: Grid = GRID, name: str = f"{FIRST}.nii.gz"
) -> Callable[[Path], None]:
    return lambda folder: write_image(folder / name, labels, grid)


def written(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def table(content: str | bytes, coding: str = "utf-8") -> Callable[[Path], object]:
    return written("grades.csv", content if isinstance(content, bytes) else content.encode(coding))


def renamed(old: str, new: str) -> Callable[[Path], object]:
    def rename(folder: Path) -> None:
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)

    return rename


def linked(target: str) -> Callable[[Path], object]:
    def link(folder: Path) -> None:
        (folder / f"{FIRST}.nii.gz").unlink()
        (folder / f"{FIRST}.nii.gz").symlink_to(target)

    return link


def all_masks(labels: object, grid: Grid) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for study_id in IDS:
            mask(labels, grid, f"{study_id}.nii.gz")(folder)

    return write


def in_a_folder(folder: Path) -> None:
    content = (folder / f"{FIRST}.nii.gz").read_bytes()
    (folder / f"{FIRST}.nii.gz").unlink()
    (folder / f"{FIRST}.nii.gz").mkdir()
    (folder / f"{FIRST}.nii.gz" / "mask.nii.gz").write_bytes(content)


def empty_folder(folder: Path) -> None:
    in_a_folder(folder)
    (folder / f"{FIRST}.nii.gz" / "mask.nii.gz").unlink()


def truncated(folder: Path) -> None:
    path = folder / f"{FIRST}.nii.gz"
    path.write_bytes(path.read_bytes()[:-40])


def huge(folder: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header["dim"][:4] = 3, 30_000, 30_000, 30_000
    (folder / f"{FIRST}.nii.gz").write_bytes(gzip.compress(header.binaryblock + bytes(4)))


def scaled(folder: Path) -> None:
    image = nib.Nifti1Image(LABELS[FIRST].astype(np.int16) * 2, GRID.affine)
    image.header.set_slope_inter(0.5, 0.0)
    nib.save(image, folder / f"{FIRST}.nii.gz")


def pipe(folder: Path) -> None:
    (folder / f"{FIRST}.nii.gz").unlink()
    os.mkfifo(folder / f"{FIRST}.nii.gz")


def turned(folder: Path) -> None:
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = 11, 13
    other = Grid(GRID.shape, GRID.affine @ flip)
    mask(reorient(LABELS[FIRST], source=GRID, target=other), other)(folder)


COARSE = Grid((6, 7, 5), GRID.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
AWAY = np.array([[1.0, 0, 0, 900], [0, 1, 0, -7], [0, 0, 2, 0], [0, 0, 0, 1]])
NOWHERE = Grid(GRID.shape, AWAY)
ONES = np.ones((6, 7, 5), np.uint8)
SHIFTED = Grid(GRID.shape, GRID.affine + 1e-3)
DECLARED = (("labels", "brats-gli-2017"),)
GRADES = (("grades", "grades.csv"),)
HEAD = "study_id,probability_hgg\n"
WITH_NAN = np.where(LABELS[FIRST] > 0, np.nan, 0.0)
LATIN = f"{HEAD}Caf\xe9,0.5\n{FIRST},0.5\n"

LAYOUTS = {
    "untouched": Layout(lambda folder: None),
    "one mask on another grid": Layout(mask(ONES, COARSE), failed="wrong_grid", said="6 x 7 x 5"),
    "all masks on another grid": Layout(
        all_masks(ONES, COARSE), DECLARED, refused="no mask is on its study's grid"
    ),
    "the affine is lost": Layout(
        mask(LABELS[FIRST], Grid(GRID.shape, np.eye(4))),
        (("resample", True),),
        failed="wrong_grid",
        said="that of an array without a header",
    ),
    "the affine is lost by ITK": Layout(
        mask(LABELS[FIRST], Grid(GRID.shape, np.diag([-1.0, -1.0, 1.0, 1.0]))),
        (("resample", True),),
        failed="wrong_grid",
        said="that of an array without a header",
    ),
    "resampled from nowhere": Layout(
        mask(LABELS[FIRST], NOWHERE),
        (("resample", True),),
        failed="wrong_grid",
        said="voxels) apart",
    ),
    "rounded affine": Layout(mask(LABELS[FIRST], SHIFTED)),
    "another orientation": Layout(turned),
    "whole numbers as floats": Layout(mask(LABELS[FIRST].astype(np.float32))),
    "whole numbers as doubles": Layout(mask(LABELS[FIRST].astype(np.float64))),
    "big-endian": Layout(mask(LABELS[FIRST].astype(">i4"))),
    "scaled by its header": Layout(scaled),
    "fractions": Layout(
        mask(LABELS[FIRST] * np.float32(0.3)), failed="unreadable_prediction", said="wanted labels"
    ),
    "NaN in a mask": Layout(mask(WITH_NAN), failed="unreadable_prediction", said="NaN"),
    "a label of another convention": Layout(
        mask(LABELS[FIRST] * 2), DECLARED, failed="unreadable_prediction", said="label 8 is not of"
    ),
    "negative labels": Layout(
        mask(-LABELS[FIRST].astype(np.int16)),
        DECLARED,
        failed="unreadable_prediction",
        said="label -4, -2, -1",
    ),
    "a label that asks what all mean": Layout(
        mask(LABELS[FIRST] * 2),
        refused="hold labels 1, 2, 4, 8, and the dataset's are brats-gli-2017",
    ),
    "an empty mask": Layout(mask(np.zeros(GRID.shape, np.uint8))),
    "a fourth axis of one": Layout(mask(LABELS[FIRST][..., None])),
    "four dimensions": Layout(
        mask(np.stack([LABELS[FIRST]] * 3, axis=-1)),
        failed="unreadable_prediction",
        said="wanted three axes",
    ),
    "an empty file": Layout(
        written(f"{FIRST}.nii.gz", b""), failed="unreadable_prediction", said="not a NIfTI"
    ),
    "a text file": Layout(
        written(f"{FIRST}.nii.gz", b"version https://git-lfs"), failed="unreadable_prediction"
    ),
    "a truncated file": Layout(truncated, failed="unreadable_prediction"),
    "a huge header": Layout(huge, failed="unreadable_prediction", said="declares shape"),
    "a loop of links": Layout(linked(f"{FIRST}.nii.gz"), failed="unreadable_prediction"),
    "a link to nothing": Layout(linked("/nowhere.nii.gz"), failed="unreadable_prediction"),
    "a pipe": Layout(pipe, failed="unreadable_prediction", said="no file"),
    "a folder named like a mask": Layout(in_a_folder),
    "an empty folder named like a mask": Layout(empty_folder, failed="unreadable_prediction"),
    "half a folder": Layout(
        lambda folder: (folder / f"{FIRST}.nii.gz").unlink(), failed="missing_prediction"
    ),
    "an id in other capitals": Layout(
        renamed(f"{FIRST}.nii.gz", "brats-001.nii.gz"),
        failed="missing_prediction",
        unused="masks of no study: 1 (brats-001.nii.gz)",
    ),
    "a longer id": Layout(
        renamed(f"{FIRST}.nii.gz", f"{FIRST}00.nii.gz"),
        failed="missing_prediction",
        unused="masks of no study: 1 (BraTS-00100.nii.gz)",
    ),
    "an odd name": Layout(
        renamed(f"{FIRST}.nii.gz", f"final_{FIRST}.nii.gz"), failed="missing_prediction"
    ),
    "another tool's folder": Layout(renamed(f"{FIRST}.nii.gz", f"{FIRST}/{FIRST}_seg.nii.gz")),
    "two masks of a study": Layout(
        mask(LABELS[FIRST], name=f"{FIRST}_pred.nii.gz"), refused="two masks of study BraTS-001"
    ),
    "images beside the masks": Layout(
        mask(LABELS[FIRST], name=f"{FIRST}_flair.nii.gz"), refused="holds images of studies"
    ),
    "maps of uncertainty": Layout(
        mask(LABELS[FIRST], name=f"{FIRST}_unc_whole.nii.gz"),
        unused="ignored maps: 1 (BraTS-001_unc_whole.nii.gz)",
    ),
    "what a Mac leaves": Layout(written(f"._{FIRST}.nii.gz", b"Mac OS X")),
    "no mask of these studies": Layout(
        lambda folder: [file.unlink() for file in folder.glob("*.nii.gz")],
        refused="no prediction is of a study of this dataset",
    ),
    "a pattern that leaves the folder": Layout(
        lambda folder: None,
        (("pattern", "../{study_id}.nii.gz"),),
        refused="wanted a path within the folder",
    ),
    "an unknown reason of a failure": Layout(
        written("failures.csv", f"study_id,failure\n{FIRST},tired\n".encode()),
        refused="failure 'tired'",
    ),
    "a table with a byte-order mark": Layout(
        table(f"\ufeff{HEAD}{FIRST},0.5\n"), GRADES, failed=""
    ),
    "a table in Latin-1": Layout(
        table(LATIN, "latin-1"), GRADES, unused="grades of no study: 1 (Caf\\xe9)"
    ),
    "a table in UTF-16": Layout(table(f"{HEAD}{FIRST},0.5\n", "utf-16"), GRADES),
    "semicolons": Layout(table(f"study_id;p_hgg\n{FIRST};0.5\n"), GRADES),
    "line ends of Windows": Layout(table(f"study_id,p_hgg\r\n{FIRST},0.5\r\n"), GRADES),
    "no header": Layout(table(f"{FIRST},0.5\n"), GRADES, refused="no column names the study"),
    "an empty table": Layout(table(""), GRADES, refused="the table is empty"),
    "a header alone": Layout(table(HEAD), GRADES, refused="no prediction is of a study"),
    "an id twice": Layout(
        table(f"{HEAD}{FIRST},0.5\n{FIRST},0.5\n"), GRADES, refused="is in row 2 already"
    ),
    "NaN for a probability": Layout(
        table(f"{HEAD}{FIRST},NaN\nCase 2,0.5\n"),
        GRADES,
        failed="missing_prediction",
        said="no grade",
    ),
    "a probability of 1.5": Layout(
        table(f"{HEAD}{FIRST},1.5\n"), GRADES, refused="wanted a probability from 0 to 1"
    ),
    "a comma for a point": Layout(
        table(f'{HEAD}{FIRST},"0,5"\n'), GRADES, refused="wanted a probability from 0 to 1"
    ),
    "grades of the WHO": Layout(
        table(f"study_id,grade\n{FIRST},4\n"), GRADES, refused="wanted LGG or HGG"
    ),
    "a binary file for a table": Layout(table(bytes(range(256))), GRADES, refused="grades.csv"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_it_ends_in_one_line_or_every_study_counts(
    name: str, source: BratsStudySource, folder: Path
) -> None:
    layout = LAYOUTS[name]
    layout.damage(folder)
    options = {"masks": str(folder), **dict(layout.table)}
    if "grades" in options:
        options["grades"] = str(folder / "grades.csv")

    backend = built(options, source)

    if isinstance(backend, GliobenchError):
        assert layout.refused
        assert layout.refused in str(backend)
        assert "\n" not in str(backend)
        return
    assert not layout.refused
    answers = ask(backend, [source.study(study_id) for study_id in IDS])
    assert len(answers) == len(IDS)
    failures = [item for answer in answers for item in failures_in(answer)]
    first = failures_in(answers[0])
    assert [item.reason.value for item in first] == [layout.failed] * bool(layout.failed)
    assert all(layout.said in item.detail and "\n" not in item.detail for item in first)
    if "grades" not in options:
        assert failures == first  # the others are as they were
        masks = [answer[1].answers[Form.MASK] for answer in answers[1:]]
        assert all(isinstance(item, Mask) and not item.is_empty for item in masks)
    unused = "; ".join(f"{key}: {text}" for key, text in backend.provenance.items())
    assert layout.unused in unused


def built(options: dict[str, object], source: BratsStudySource) -> Backend | GliobenchError:
    try:
        backend: Backend = container.file_backend("tool", BackendOptions(extra=options), source)
    except GliobenchError as error:
        return error
    return backend


def failures_in(answer: tuple[object, object]) -> list[Failure]:
    grade, place = answer
    found = place.answers.values() if isinstance(place, LocalisationPrediction) else [place]
    return [item for item in (grade, *found) if isinstance(item, Failure)]


def test_there_are_thirty_layouts_at_least() -> None:
    assert len(LAYOUTS) >= 30
