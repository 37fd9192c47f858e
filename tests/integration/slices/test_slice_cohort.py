"""A slice cohort under the commands."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_slices
from fakes.study_folder import write_study
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.slices import MASKS, SliceStudySource
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form
from gliobench.entrypoints.container import container


def test_a_folder_of_slices_is_opened_as_one_at_the_spacing_set(tmp_path: Path) -> None:
    write_slices(tmp_path, [fake_case("a")])

    with container.flags.override({"slice_spacing_mm": 1.5}):
        source = container.dataset(str(tmp_path))

    assert isinstance(source, SliceStudySource)
    assert source.study("a").grid.spacing_mm == (1.5, 1.5, 1.0)


def test_answers_at_one_spacing_are_not_taken_for_answers_at_another(tmp_path: Path) -> None:
    dataset = write_slices(tmp_path / "slices", [fake_case("a"), fake_case("b")])

    def evaluate(spacing_mm: float) -> Result:
        given = ["--set", f"slice_spacing_mm={spacing_mm}", "evaluate", str(dataset)]
        whole = [*given, "--backend", "centre-prior", "--out", str(tmp_path / "run")]
        return gliobench(*whole)

    first, again, wider = evaluate(1.0), evaluate(1.0), evaluate(1.5)

    assert (first.exit_code, again.exit_code, wider.exit_code) == (0, 0, 1), first.output
    assert "keeps a run over cohort" in wider.stderr


def test_verify_finds_nothing_in_right_slices_and_split_takes_them_all(tmp_path: Path) -> None:
    dataset = str(write_slices(tmp_path / "slices", [fake_case(one) for one in "abcd"]))
    left_out = tmp_path / "left_out.json"

    verify = ["dataset", "verify", dataset, "--quarantine", str(left_out)]
    verified = gliobench(*verify)
    split = ["dataset", "split", dataset, "--folds", "2", "--exclude", str(left_out)]
    cohort = gliobench(*split)
    described = gliobench("dataset", "fingerprint", dataset)

    assert (verified.exit_code, cohort.exit_code, described.exit_code) == (0, 0, 0)
    assert "4 studies, 0 to be left out, 0 faults, 0 notes" in verified.stdout
    assert [len(part) for part in json.loads(cohort.stdout)["parts"].values()] == [2, 2]
    assert "4 with a tumour" in described.stdout


def test_verify_fingerprint_and_evaluate_show_a_mask_that_was_cut_at_half(tmp_path: Path) -> None:
    folder = write_slices(tmp_path / "slices", [fake_case("a"), fake_case("b")])
    mask = np.asarray(Image.open(folder / MASKS / "a.png")).copy()
    mask[0, :4] = 3, 9, 1, 2  # what a lossy format leaves
    Image.fromarray(mask).save(folder / MASKS / "a.png")
    evaluate = ["evaluate", str(folder), "--backend", "majority", "--out", str(tmp_path / "run")]

    outputs = [
        gliobench(*command).stdout
        for command in (
            ["dataset", "verify", str(folder)],
            ["dataset", "fingerprint", str(folder)],
            evaluate,
        )
    ]

    assert all("thresholded_mask" in output for output in outputs)


def test_a_folder_of_studies_with_a_table_of_its_own_is_no_folder_of_slices(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case("a"))
    (tmp_path / "cases.csv").write_text("study_id\na\n")

    assert isinstance(container.dataset(str(tmp_path)), BratsStudySource)


def test_a_backend_of_volumes_fails_on_a_slice_by_name(tmp_path: Path) -> None:
    source = SliceStudySource(write_slices(tmp_path, [fake_case("a")]))
    backend = container.load_backends(["cnn-onnx"])[0]
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
    backend = container.load_backends([name])[0]

    if backend.localizer:
        (place,) = backend.localizer.localise([study], backend.localizer.forms)
        assert not isinstance(place, Failure), place
        failures = [one for one in place.answers.values() if isinstance(one, Failure)]
        assert not failures
    if backend.classifier:
        assert not isinstance(backend.classifier.classify([study])[0], Failure)
