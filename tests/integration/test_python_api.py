"""`import gliobench as gb`, as a notebook uses it."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

import gliobench as gb
from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints import api
from gliobench.entrypoints.api.runs import read_report
from gliobench.entrypoints.container import container

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BRIGHT = """
from gliobench.plugin import (
    Backend, Form, Grade, GradePrediction, LocalisationPrediction, Mask, Modality, Region
)


class Bright:
    forms = frozenset({Form.MASK})

    def classify(self, studies):
        return [GradePrediction(Grade.LGG, 0.25) for _ in studies]

    def localise(self, studies, forms):
        return [LocalisationPrediction({Form.MASK: self.mask(one)}) for one in studies]

    def mask(self, study):
        volume = study.volume(Modality.T2F)
        return Mask(study.grid, {Region.WT: volume > volume.max() * 0.75})


def make(options):
    both = Bright()
    return Backend("bright", both, both, "1", trained_on=frozenset())
"""


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "phantoms"
    export_phantoms(folder, PhantomStudySource(2, spacing_mm=4.0))
    return folder


@pytest.fixture
def here(phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two phantoms and a backend in a file."""
    (tmp_path / "phantoms").symlink_to(phantoms)
    (tmp_path / "bright.py").write_text(BRIGHT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def turned(folder: Path, to: Path, axes: str, *, oblique: bool) -> Path:
    """Store the images of a study along other axes, and tilt them in the world."""
    to.mkdir()
    tilt = np.eye(4)
    if oblique:
        sine, cosine = np.sin(0.2), np.cos(0.2)
        tilt[:3, :3] = [[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]
    for path in folder.glob("*.nii.gz"):
        image = nibabel.load(path)
        change = ornt_transform(io_orientation(image.affine), axcodes2ornt(axes))
        other = image.as_reoriented(change)
        content = np.asarray(other.dataobj)
        nibabel.Nifti1Image(content, tilt @ other.affine).to_filename(to / path.name)
    return to


def test_importing_it_is_quick_and_brings_no_library() -> None:
    code = (
        "import sys, time; start = time.process_time(); import gliobench as gb;"
        "assert time.process_time() - start < 0.05;"
        "assert not {'numpy', 'pydantic', 'typer', 'pyarrow'} & set(sys.modules);"
        "assert {'predict', 'evaluate', '__version__'} <= set(dir(gb));"
        "gb.predict; assert 'numpy' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_its_names_are_those_of_the_api_with_docstrings() -> None:
    assert set(gb.__all__) == {*api.__all__, "__version__"}
    assert all(getattr(gb, name).__doc__ for name in api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'predcit'"):
        gb.predcit  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("oblique", [False, True])
@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SAL"])
def test_a_mask_lies_in_the_orientation_of_the_files(here: Path, axes: str, oblique: bool) -> None:
    folder = turned(here / "phantoms" / "Phantom_0000", here / "s", axes, oblique=oblique)
    image = nibabel.load(folder / "Phantom_0000_flair.nii.gz")
    bright = np.asarray(image.dataobj)

    study = gb.load_study(folder)
    found = gb.predict(study, "bright.py:make", force=True)
    path = found.mask.to_nifti(here / "out" / "mask.nii.gz")

    written = nibabel.load(path)
    assert written.shape == image.shape == study.shape == found.mask.shape
    np.testing.assert_allclose(written.affine, image.affine, atol=1e-4)
    np.testing.assert_allclose(study.affine, image.affine, atol=1e-6)
    expected = bright > bright.max() * 0.75
    np.testing.assert_array_equal(np.asarray(written.dataobj) > 0, expected)
    np.testing.assert_array_equal(np.asarray(found.mask) > 0, expected)
    np.testing.assert_array_equal(study.volume("flair"), bright.astype(np.float32))
    place = found.axial_slice
    assert np.take(expected, place.index, place.file_axis).any()
    assert place.count == image.shape[place.file_axis]
    assert found.lesion.longest_mm >= found.lesion.diameters.longest_mm > 0
    start, stop = found.box.start, found.box.stop
    assert expected[tuple(map(slice, start, stop))].sum() == expected.sum()
    centre = (image.affine @ [*np.argwhere(expected).mean(axis=0), 1])[:3]
    np.testing.assert_allclose(found.centre_mm, centre, atol=0.1)


def test_a_prediction_shows_itself(here: Path) -> None:
    found = gb.predict("phantoms/Phantom_0000", "bright.py:make", force=True)

    assert (found.grade, found.probability_hgg, found.backend) == ("LGG", 0.25, "bright-make")
    assert "LGG, P(HGG) = 0.25" in repr(found)
    assert "SIMULATED" in found._repr_html_()
    assert found.as_dict()["grade"] == {
        "grade": "LGG",
        "probability_hgg": 0.25,
        "confidence": 0.75,
        "conformal": None,
    }
    assert found.confidence is found.grade_set is None
    assert "voxels of tumour" in repr(found.mask)


def test_what_a_backend_failed_on_is_none_and_says_why(here: Path) -> None:
    (here / "bad.py").write_text(BRIGHT.replace("Grade.LGG, 0.25", '"<b>HGG</b>", 0.9'))

    found = gb.predict(gb.load_study("phantoms/Phantom_0000"), "bad.py:make", force=True)

    assert found.grade is None
    assert "wanted Grade" in found.failures[0]
    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;" in found._repr_html_()


def test_an_evaluation_and_a_comparison_give_tables_and_say_nothing(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    backends = ["majority", "bright.py:make"]

    evaluation = gb.evaluate("phantoms", backends, "runs", limit=2)
    comparison = gb.compare(evaluation.runs, here / "compared", replicates=100)

    assert capfd.readouterr() == ("", "")
    assert set(evaluation.runs) == {"majority", "bright-make"}
    dice = [row for row in evaluation.measures if row["measure"] == "dice"]
    assert {row["arm"] for row in dice} == {"bright-make"}
    assert evaluation.cases("majority").to_arrow().num_rows == 2
    assert len(evaluation.cases("majority").to_pandas()) == 2
    assert Path(evaluation.place).is_file()
    assert Path(comparison.place).is_file()
    assert "differences" in comparison.tables
    assert comparison.cases("majority").to_arrow().num_rows == 2
    assert evaluation.warnings[0].startswith("SIMULATED: ")
    assert comparison.verdict in repr(comparison)
    assert "<table>" in evaluation._repr_html_()
    assert "<table>" in comparison._repr_html_()
    with pytest.raises(NotFoundError, match="no run of 'cnn': wanted one of"):
        evaluation.cases("cnn")


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"stamps": [], "verdict": ""}')
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "measures.csv").write_text("arm,value,n,stamps\n01,0.5,3,\n1e3,,,\n")
    written = SimpleNamespace(report=None, place="", left_out=(), runs={})

    table = read_report(written, container.storage(str(tmp_path))).tables["measures"]

    assert list(table) == [
        {"arm": "01", "value": 0.5, "n": 3, "stamps": ""},
        {"arm": "1e3", "value": None, "n": None, "stamps": ""},
    ]


def test_settings_given_by_name_hold_for_one_call(here: Path) -> None:
    umask = os.umask(0o022)
    os.umask(umask)

    with pytest.raises(InvalidInputError, match="provider"):
        gb.backends(provider="abacus")
    gb.evaluate("phantoms", "majority", "runs", seed=7, compare__replicates=100)

    assert container.settings().seed == 0
    assert os.umask(umask) == umask
    assert '"seed": 7' in (here / "runs" / "majority" / "manifest.json").read_text()
    assert (here / "runs" / "report.html").stat().st_mode & 0o077 == 0


def test_errors_are_those_of_the_domain(here: Path) -> None:
    with pytest.raises(NotFoundError):
        gb.load_study("nowhere")
    with pytest.raises(InvalidInputError, match="holds 2 studies"):
        gb.load_study("phantoms")
    with pytest.raises(InvalidInputError):
        gb.load_study({"t9": "a.nii"})
    with pytest.raises(InvalidInputError, match="at least one modality"):
        gb.load_study({})
    with pytest.raises(NotFoundError, match="unknown backend"):
        gb.predict("phantoms/Phantom_0000", "no-such")
    with pytest.raises(InvalidInputError, match="each once"):
        gb.evaluate("phantoms", ["majority", "majority"], "runs")
    with pytest.raises(InvalidInputError, match="one or more"):
        gb.evaluate("phantoms", (name for name in ()), "runs")
    with pytest.raises(InvalidInputError, match="wanted their names"):
        gb.evaluate("phantoms", [None], "runs")  # type: ignore[list-item]
    with pytest.raises(InvalidInputError, match="wanted its name"):
        gb.predict("phantoms/Phantom_0000", ["cnn-onnx"])  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"compare\.replicates: got 150\.5"):
        gb.compare("runs", "out", replicates=150.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="ndarray: wanted a path"):
        gb.load_study({"t1c": np.zeros((2, 2, 2))})  # type: ignore[dict-item]


def test_studies_and_predictions_go_to_other_processes(here: Path, tmp_path: Path) -> None:
    study = gb.load_study("phantoms/Phantom_0000")
    found = gb.predict(study, "bright.py:make", force=True)
    sent = pickle.dumps(study), pickle.dumps(found), pickle.dumps(found.mask)
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")

    study_there, found_there, mask_there = map(pickle.loads, sent)

    np.testing.assert_array_equal(study_there.volume("t1c"), study.volume("t1c"))
    assert found_there.as_dict() == found.as_dict()
    assert repr(found_there) == repr(found)
    np.testing.assert_array_equal(mask_there.labels, found.mask.labels)
    with pytest.raises(NotFoundError, match="holds no t1c"):
        found_there.reading.study.volume(Modality.T1C)


def test_settings_may_hold_paths(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file .*none.csv"):
        gb.evaluate(
            "phantom:1",
            "tool",
            tmp_path / "runs",
            backend={"tool": {"kind": "files", "grades": tmp_path / "none.csv"}},
        )


def test_two_files_of_one_modality_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="two names of one modality"):
        gb.load_study({"t1c": "a.nii.gz", "t1ce": "b.nii.gz"})


def test_subgroups_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="wanted columns by name"):
        gb.report("runs", "out", subgroups=["OS"])  # type: ignore[arg-type]  # as dict it is {"O": "S"}


def test_every_backend_is_listed() -> None:
    listed = gb.backends()

    assert "cnn-onnx" in {row["name"] for row in listed}
    assert listed.columns[:2] == ["name", "package"]
    assert "cnn-onnx" in repr(listed)


def test_a_table_is_escaped_and_cut() -> None:
    import pyarrow as pa

    table = gb.Table(pa.table({"<b>": [f"<script>{n}" for n in range(50)]}))

    assert "<script>" not in table._repr_html_()
    assert "&lt;b&gt;" in table._repr_html_()
    assert "20 of 50 rows" in repr(table)
    assert len(list(table)) == len(table) == 50


def test_without_pandas_one_line_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    import pyarrow as pa

    class Bare:
        def to_pandas(self) -> None:
            import pandas  # noqa: F401

    table = gb.Table(pa.table({"a": [1]}))
    object.__setattr__(table, "arrow", Bare())

    with pytest.raises(MissingExtraError, match=r"pip install 'gliobench\[pandas\]'"):
        table.to_pandas()


def test_the_page_on_python_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}

    for block in blocks:
        exec(block, names)

    said = capsys.readouterr().out
    assert float(re.search(r"Dice (\S+)", said)[1]) > 0.5
    assert len(blocks[0].split("\n\n")[1].splitlines()) <= 10
