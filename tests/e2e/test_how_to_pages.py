"""The how-to pages and the README, followed on phantoms; what is not run is listed here, with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from command_line import gliobench
from e2e.doc_pages import REPOSITORY, Walk, boxes
from fakes.layouts import write_bids, write_nnunet
from gliobench.domain.studies.study import Case, Modality

NAMES = ("Phantom_0000", "Phantom_0001")


def copy_masks(phantoms: Path, folder: Path) -> None:
    """Write the references as predictions, named by their studies."""
    folder.mkdir()
    for name in NAMES:
        shutil.copy(phantoms / name / f"{name}_seg.nii.gz", folder / f"{name}.nii.gz")


def write_table(path: Path, *columns: str) -> None:
    """Write a column a text: its name and a value for each study."""
    rows = zip(("study_id", *NAMES), *(column.split() for column in columns), strict=True)
    path.write_text("".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")


def for_readme(phantoms: Path) -> None:
    """One study as a folder and as files, a cohort, predictions of others, tables."""
    Path("STUDY_DIR").symlink_to(phantoms / NAMES[0])
    Path("BraTS20_Training_001").symlink_to(phantoms / NAMES[0])
    Path("DATASET").symlink_to(phantoms)
    for letter, modality in zip("abcd", Modality, strict=True):
        file = f"{NAMES[0]}_{modality.alias}.nii.gz"
        Path(f"{letter}.nii.gz").symlink_to(phantoms / NAMES[0] / file)
    for folder in ("references", "predictions"):
        copy_masks(phantoms, Path(folder))
    write_table(Path("patients.csv"), "age 35 61", "sex F M", "IDH mutant wildtype")
    write_table(Path("idh.csv"), "probability 0.8 0.3")
    gliobench("evaluate", "DATASET", "--backend", "brain-centroid", "--out", "other-run")


def for_data(phantoms: Path) -> None:
    """The same phantoms in three layouts, a run, tables."""
    from gliobench.adapters.phantom import PhantomStudySource

    source = PhantomStudySource(2, spacing_mm=4.0)
    cases = [Case(source.study(name), source.reference(name)) for name in source.study_ids()]
    Path("DATASET").symlink_to(phantoms)
    Path("studies").symlink_to(phantoms)
    write_bids(Path("bids"), renamed(cases, "sub-01_ses-1", "sub-02_ses-1"))
    Path("bids/participants.tsv").write_text("participant_id\tsex\nsub-01\tF\nsub-02\tM\n")
    numbered = renamed(cases, "BraTS2021_00000", "BraTS2021_00001")
    write_nnunet(Path("Dataset137_BraTS2021"), numbered)
    of_patients = ("Age 35 61", "Survival_days 200 500", "Extent_of_Resection GTR STR")
    write_table(Path("survival_info.csv"), *of_patients)
    write_table(Path("patients.csv"), "IDH mutant wildtype")
    write_table(Path("my_tool.csv"), "probability 0.8 0.3")
    gliobench("evaluate", "studies", "--backend", "brain-centroid", "--out", "runs")


def renamed(cases: list[Case], *names: str) -> list[Case]:
    """Give studies and their patients other names."""
    return [
        replace(case, study=replace(case.study, id=name, patient_id=name))
        for case, name in zip(cases, names, strict=True)
    ]


def for_import(phantoms: Path) -> None:
    """A cohort, predictions of others and a run."""
    Path("DATASET").symlink_to(phantoms)
    copy_masks(phantoms, Path("predictions"))
    gliobench("evaluate", "DATASET", "--backend", "brain-centroid", "--out", "runs")


def for_measures(phantoms: Path) -> None:
    """A cohort, and masks in three folders."""
    Path("DATASET").symlink_to(phantoms)
    for folder in ("REFERENCES", "PREDICTIONS", "DIR"):
        copy_masks(phantoms, Path(folder))


def nothing(phantoms: Path) -> None:
    """Lay out no file: the phantoms are drawn."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How a page is followed.

    Args:
        lay_out: Makes what the page's names stand for, in the working folder, from two phantoms.
        instead: What is written in the place of words of the page.
        not_run: How the commands begin that are left out, and why.
    """

    lay_out: Callable[[Path], None]
    instead: Mapping[str, str] = field(default_factory=dict)
    not_run: Mapping[str, str] = field(default_factory=dict)


LLAMA = "gated weights; tests/e2e/test_llama.py has a tiny model in their place"
TRAINING = "minutes; tests/integration/monai trains small networks by the same commands"
WORKERS = "processes; tests/integration/executors starts them"
STORES = "a bucket; tests/integration/stores has a server in its place"
QUICK = {"cnn-onnx": "brain-centroid"}
"""Where any backend does; README.md and docs/measures.md are followed with the networks."""
PAGES = {
    "README.md": Followed(
        for_readme,
        instead={"train=0.8,test=0.2": "train=0.5,test=0.5"},  # of two patients
        not_run={
            "pip install": "installs packages",
            "gliobench demo": "tests/e2e/test_demo.py runs it",
            "export GLIOBENCH_LLAMA__": LLAMA,
            "gliobench train lora": LLAMA,
            "gliobench evaluate TEST": LLAMA,
            "gliobench train localizer": TRAINING,
            "gliobench train grader": TRAINING,
            "gliobench export": TRAINING,
            "gliobench --set weights_dir=weights": TRAINING,
            **dict.fromkeys(
                (
                    *(f"gliobench dataset verify {kind}" for kind in ("BRATS", "BIDS", "NNUNET")),
                    *(f"gliobench evaluate {kind}" for kind in ("BRATS", "BIDS", "NNUNET")),
                    *("gliobench dataset series EXPORT", "gliobench evaluate EXPORT"),
                    "gliobench score REFERENCES",
                ),
                "tests/e2e/test_kinds_of_data.py runs it",
            ),
        },
    ),
    "docs/batch_jobs.md": Followed(
        nothing,
        instead={"DATASET": "phantom:3:0:4"} | QUICK,
        not_run={
            "gliobench evaluate s3://": STORES,
            "gliobench evaluate DATASET --backend cnn-onnx --out run --workers 4": WORKERS,
        },
    ),
    "docs/controls.md": Followed(
        nothing,
        instead={"DATASET": "phantom:2:0:4", "NAME…": "centre-prior --backend mean-box"},
        not_run={
            "gliobench evaluate brats_2mm": "real studies",
            "gliobench --set slice_spacing_mm": "real studies, and an adapter that learned from some",
        },
    ),
    "docs/data.md": Followed(
        for_data,
        instead=QUICK,
        not_run={"gliobench --set labels=brats-ped-2024": "a part of a command"},
    ),
    "docs/import.md": Followed(for_import, instead=QUICK),
    "docs/measures.md": Followed(for_measures),
}
ELSEWHERE = {
    "docs/held_out.md": TRAINING,
    "docs/llama.md": LLAMA,
    "docs/operations.md": "tests/e2e/test_operations_page.py runs all of it, in a shell",
    "docs/plugins.md": "tests/e2e/test_doc_pages.py runs all of it",
    "docs/programs.md": "programs of others; tests/e2e/test_programs.py has one of ours in their place",
    "docs/scanner.md": "exports with many series, heads with skulls, other programs: tests/integration/dicom and prepare",
    "docs/stores.md": STORES,
    "docs/vlm.md": "weights to download; the tutorial on them has a random checkpoint in their place",
}
"""Pages with commands that are not followed here, and why."""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed(
    page: str, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    how = PAGES[page]
    monkeypatch.chdir(tmp_path)
    how.lay_out(phantoms)
    walk = Walk(tmp_path, monkeypatch, full=full, instead=how.instead, not_run=how.not_run)

    walk.follow(REPOSITORY / page)

    assert walk.faults == []
    assert walk.left_out == how.not_run.keys()


def test_every_page_with_commands_is_followed_or_has_a_reason() -> None:
    pages = (REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md"))
    with_commands = {
        page.relative_to(REPOSITORY).as_posix()
        for page in pages
        if any(box.is_shell for box in boxes(page))
    }

    assert with_commands == PAGES.keys() | ELSEWHERE.keys()
