"""A slice cohort under the commands."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_slices
from fakes.study_folder import write_study
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.slices import SliceStudySource
from gliobench.domain.prediction import Failure, FailureReason, Form
from gliobench.entrypoints.cli import app
from gliobench.entrypoints.container import container
from gliobench.entrypoints.inputs import load_backend, open_source


def test_a_folder_of_slices_is_opened_as_one_at_the_spacing_set(tmp_path: Path) -> None:
    write_slices(tmp_path, [fake_case("a")])

    with container.flags.override({"slice_spacing_mm": 1.5}):
        container.settings.reset()
        source = open_source(str(tmp_path))
    container.settings.reset()

    assert isinstance(source, SliceStudySource)
    assert source.study("a").grid.spacing_mm == (1.5, 1.5, 1.0)


def test_answers_at_one_spacing_are_not_taken_for_answers_at_another(tmp_path: Path) -> None:
    dataset = write_slices(tmp_path / "slices", [fake_case("a"), fake_case("b")])

    def evaluate(spacing_mm: float) -> Result:
        given = ["--set", f"slice_spacing_mm={spacing_mm}", "evaluate", str(dataset)]
        whole = [*given, "--backend", "centre-prior", "--out", str(tmp_path / "run")]
        return CliRunner().invoke(app, whole)

    first, again, wider = evaluate(1.0), evaluate(1.0), evaluate(1.5)

    assert (first.exit_code, again.exit_code, wider.exit_code) == (0, 0, 1), first.output
    assert "keeps a run over cohort" in wider.stderr


def test_a_folder_of_studies_with_a_table_of_its_own_is_no_folder_of_slices(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case("a"))
    (tmp_path / "cases.csv").write_text("study_id\na\n")

    assert isinstance(open_source(str(tmp_path)), BratsStudySource)


def test_a_backend_of_volumes_fails_on_a_slice_by_name(tmp_path: Path) -> None:
    source = SliceStudySource(write_slices(tmp_path, [fake_case("a")]))
    backend = load_backend("cnn-onnx")
    assert backend.classifier
    assert backend.localizer

    (grade,) = backend.classifier.classify([source.study("a")])
    (place,) = backend.localizer.localise([source.study("a")], {Form.MASK})

    for outcome in (grade, place if isinstance(place, Failure) else place.answers[Form.MASK]):
        assert isinstance(outcome, Failure)
        assert outcome.reason is FailureReason.UNREADABLE_STUDY
        assert outcome.detail == "study a is a single slice: wanted volumes"


@pytest.mark.parametrize("name", ["majority", "centre-prior", "brain-centroid", "mean-box"])
def test_the_priors_answer_on_a_slice(tmp_path: Path, name: str) -> None:
    study = SliceStudySource(write_slices(tmp_path, [fake_case("a")])).study("a")
    backend = load_backend(name)

    if backend.localizer:
        (place,) = backend.localizer.localise([study], backend.localizer.forms)
        assert not isinstance(place, Failure), place
        failures = [one for one in place.answers.values() if isinstance(one, Failure)]
        assert not failures
    if backend.classifier:
        assert not isinstance(backend.classifier.classify([study])[0], Failure)
