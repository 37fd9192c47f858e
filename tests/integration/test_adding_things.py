"""What CONTRIBUTING says of adding things holds: five are added to a copy of the source and seen in reports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import gliobench_process

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from gliobench.adapters.phantom import PhantomStudySource, export_phantoms

REPOSITORY = Path(__file__).parents[2]
LAYERS = ("src", "domain", "application", "adapters", "entrypoints")
Patch = Mapping[str, tuple[str, str]]
"""By file, an old text and the one in its place; without an old one the file is new."""

MEASURES: Patch = {
    "domain/metrics/classification.py": (
        "def f1_hgg(",
        """\
def youden(found: Confusions) -> FloatArray:
    return ratio(*sensitivity(found)) + ratio(*specificity(found)) - 1


def f1_hgg(""",
    ),
    "domain/metrics/segmentation.py": (
        "def hd95_mm(",
        """\
def precision(*, reference: BoolArray, prediction: BoolArray) -> float:
    found = int(prediction.sum())
    return int((reference & prediction).sum()) / found if found else 1.0


def hd95_mm(""",
    ),
    "domain/metrics/measures.py": (
        "    PPV := Measure(",
        """\
    Measure(
        key="youden",
        title="Youden's J",
        meaning="Sensitivity and specificity, less 1",
        name="Youden's J",
        worst=-1.0,
        terminal="Youden",
        compared=Compared.BY_INTERVAL,
        of_confusions=graded.youden,
    ),
    Measure(
        key="precision",
        title="Mask precision",
        meaning="Share of the predicted voxels that are of the tumour",
        name="mask precision",
        forms=(Form.MASK,),
        regions=(Region.WT,),
        terminal="precise",
        of_masks=lambda pair: segmented.precision(
            reference=pair.reference, prediction=pair.prediction
        ),
    ),
    PPV := Measure(""",
    ),
}
MODALITY_ALIAS: Patch = {"domain/studies/study.py": ('"t1ce"', '"t1ce", "t1gd"')}
DATASET_KIND: Patch = {
    "entrypoints/container/datasets.py": (
        "        DatasetKind(slice_source",
        """\
        DatasetKind(
            lambda name: brats_source(Path(name.removeprefix("hospital:"))), prefix="hospital:"
        ),
        DatasetKind(slice_source""",
    )
}
SECTION: Patch = {
    "adapters/html/page.py": (
        '    "cases": ',
        '    "weather": lambda one: [Prose([f"Fine for {len(one.arms)}."])],\n    "cases": ',
    ),
}
BLOCK: Patch = {"adapters/html/page.py": ("import Block, ", "import Block, Prose, ")}
BACKEND = """
from gliobench.plugin import Backend, Grade, GradePrediction


class Optimist:
    def classify(self, studies):
        return [GradePrediction(Grade.LGG, 0.25) for _ in studies]


def make(options):
    return Backend(name="optimist", classifier=Optimist(), localizer=None, fingerprint="1")
"""


@dataclass(frozen=True)
class Reports:
    """What is made by the patched source."""

    terminal: str
    evaluation: str
    comparison: str
    facts: Mapping[str, object]
    tables: Mapping[str, str]


def patched(home: Path, *patches: Patch) -> Path:
    """Copy the source, and put every patch in."""
    for layer in LAYERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / layer, home / layer, symlinks=True, ignore=ignored)
    for patch in patches:
        for name, (old, new) in patch.items():
            file = home / name
            text = file.read_text("utf-8") if old else ""
            assert old in text, f"{name} has no {old!r} any more"
            file.write_text(text.replace(old, new, 1), "utf-8")
    return home / "src"


def gliobench(source: Path, *arguments: str, cwd: Path) -> str:
    result = gliobench_process(*arguments, cwd=cwd, PYTHONPATH=str(source), COLUMNS="200")
    assert result.returncode == 0, result.stderr
    return result.stdout


def scans(home: Path) -> Path:
    """Write studies whose T1c has a name that gliobench does not know."""
    export_phantoms(home, PhantomStudySource(4, spacing_mm=4.0))
    for file in sorted(home.rglob("*_t1ce.nii.gz")):
        file.rename(file.with_name(file.name.replace("_t1ce.", "_t1gd.")))
    return home


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """Evaluate and compare by the patched source."""
    home = tmp_path_factory.mktemp("adding")
    source = patched(home / "copy", MEASURES, MODALITY_ALIAS, DATASET_KIND, SECTION, BLOCK)
    (home / "optimist.py").write_text(BACKEND)
    dataset = f"hospital:{scans(home / 'scans')}"
    backends = ("--backend", "cnn-onnx", "--backend", "optimist.py:make")
    terminal = gliobench(source, "evaluate", dataset, *backends, "--out", "run", cwd=home)
    gliobench(source, "compare", "run", "--out", "compared", cwd=home)
    return Reports(
        terminal=terminal,
        evaluation=(home / "run" / "report.html").read_text("utf-8"),
        comparison=(home / "compared" / "report.html").read_text("utf-8"),
        facts=json.loads((home / "run" / "report.json").read_text("utf-8")),
        tables={
            file.stem: file.read_text("utf-8") for file in (home / "compared/tables").glob("*.csv")
        },
    )


def test_a_measure_is_its_function_and_its_row() -> None:
    assert len(MEASURES) == 3  # of two measures, one of grades and one of masks


@pytest.mark.parametrize(
    ("key", "title", "short"),
    [("youden", "Youden&#39;s J", "Youden"), ("precision", "Mask precision WT", "precise")],
)
def test_a_measure_is_seen_in_the_terminal_in_tables_and_in_both_reports(
    reports: Reports, key: str, title: str, short: str
) -> None:
    assert short in reports.terminal
    assert f'"{key}"' in json.dumps(reports.facts)
    assert f",{key}," in reports.tables["measures"]
    assert title in reports.evaluation
    assert title in reports.comparison


def test_a_measure_has_the_value_that_its_function_gives(reports: Reports) -> None:
    rows = [line.split(",") for line in reports.tables["measures"].splitlines()]
    found = {
        row[4]: float(row[5])
        for row in rows
        if row[0] == "optimist-make" and row[5:6] != [""] and row[1] == "intention_to_treat"
    }

    assert found["youden"] == found["sensitivity"] + found["specificity"] - 1 == 0.0


def test_an_alias_of_a_modality_is_found_in_the_names_of_files(reports: Reports) -> None:
    failures = [line for line in reports.tables["failures"].splitlines() if "cnn-onnx,any" in line]

    assert failures[0].split(",")[2] == "0"


def test_a_kind_of_dataset_is_opened_by_its_prefix(reports: Reports) -> None:
    assert reports.facts["cohort"]["n_studies"] == 4


def test_a_section_stands_in_the_comparison(reports: Reports) -> None:
    assert "Weather" in reports.comparison
    assert "<p>Fine for 2.</p>" in reports.comparison


def test_a_backend_from_a_file_is_graded_beside_ours(reports: Reports) -> None:
    for page in (reports.terminal, reports.evaluation, reports.comparison):
        assert "optimist-make" in page
