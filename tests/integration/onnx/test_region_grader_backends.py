"""`cnn-onnx` grades by regions where its weights hold a region grader; `cnn-intensity-onnx` never does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scipy.special import logit

pytest.importorskip("onnx", reason="the extra `train` is not installed")

from fakes.fake_study_source import fake_case
from fakes.onnx_file import (
    GRADER_CARD,
    LOCALIZER_CARD,
    write_localizer,
    write_subset_weights,
    write_weights,
)
from gliobench.adapters.onnx.backend import cnn_intensity_onnx, cnn_onnx
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import BackendError, NotFoundError
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.region_grader import RegionGrader, Term
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
)
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality, Study

CASE = fake_case(spacing_mm=(2.0, 2.0, 2.0))
GRADER = RegionGrader(
    terms=(
        Term("et_of_tc", mean=0.5, deviation=0.25, coefficient=1.0),
        Term("tc_of_wt", mean=1.0, deviation=1.0, coefficient=3.0),
    ),
    intercept=0.5,
    trained_on=("cc", "dd"),
)
"""The tiny localizer's regions are all alike: ET is all of TC, and TC all of WT."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_weights(tmp_path_factory.mktemp("weights"))
    (folder / "grader.json").write_text(GRADER.to_json())
    return folder


def options(folder: Path, **extra: str) -> BackendOptions:
    return BackendOptions(weights_dir=str(folder), threads=1, extra=extra)


def graded(backend: Backend, study: Study = CASE.study) -> GradePrediction | Failure:
    assert backend.classifier is not None
    (grade,) = backend.classifier.classify([study])
    return grade


def test_a_study_is_graded_by_its_regions_with_reasons(weights: Path) -> None:
    backend = cnn_onnx(options(weights))
    grade = graded(backend)

    assert isinstance(grade, GradePrediction)
    assert logit(grade.probability_hgg) == pytest.approx(2.5)  # 1 · (1 - 0.5) / 0.25 + 0 + 0.5
    assert [(item.text, item.log_odds) for item in grade.reasons] == [
        ("ET 100 % of the core", pytest.approx(2.0)),
        ("core 100 % of the tumour", 0.0),
        ("average tumour", 0.5),
    ]
    assert backend.trained_on == {*LOCALIZER_CARD.trained_on, "cc", "dd"}
    assert backend.provenance["grader"].startswith("logistic regression on regions")


def test_a_region_grader_says_which_grades_it_does_not_exclude(tmp_path: Path) -> None:
    sets = ConformalSets(coverage=0.9, lgg_up_to=0.7, hgg_from=0.2, n_lgg=10, n_hgg=20)
    write_localizer(tmp_path / "localizer.onnx")
    (tmp_path / "grader.json").write_text(replace(GRADER, conformal=sets).to_json())

    grade = graded(cnn_onnx(options(tmp_path)))

    assert isinstance(grade, GradePrediction)
    assert grade.grade_set == GradeSet((Grade.HGG,), 0.9)  # P(HGG) is 0.92


def test_the_grader_of_intensities_is_an_arm_of_its_own(weights: Path, tmp_path: Path) -> None:
    backend = cnn_intensity_onnx(options(weights))
    before = cnn_onnx(options(write_weights(tmp_path)))

    assert (backend.name, before.name) == ("cnn-intensity-onnx", "cnn-onnx")
    assert graded(backend) == graded(before)
    assert backend.provenance == before.provenance
    assert backend.trained_on == {*LOCALIZER_CARD.trained_on, *GRADER_CARD.trained_on}


def test_a_region_grader_needs_no_second_network(tmp_path: Path) -> None:
    write_localizer(tmp_path / "localizer.onnx")
    (tmp_path / "grader.json").write_text(GRADER.to_json())

    assert isinstance(graded(cnn_onnx(options(tmp_path))), GradePrediction)
    with pytest.raises(NotFoundError, match=r"grader\.onnx"):
        cnn_intensity_onnx(options(tmp_path))


@pytest.mark.parametrize("there", [(Modality.T1C,), (Modality.T1C, Modality.T2F)])
def test_whatever_sequences_the_localizer_does_without_the_regions_are_graded(
    tmp_path: Path, there: tuple[Modality, ...]
) -> None:
    folder = write_subset_weights(tmp_path)
    (folder / "grader.json").write_text(GRADER.to_json())
    study = replace(CASE.study, volumes={name: CASE.study.volumes[name] for name in there})

    grade = graded(cnn_onnx(options(folder)), study)

    assert isinstance(grade, GradePrediction)
    assert logit(grade.probability_hgg) == pytest.approx(2.5)


def test_without_t1c_the_tumour_is_found_and_not_graded(tmp_path: Path) -> None:
    folder = write_subset_weights(tmp_path)
    (folder / "grader.json").write_text(GRADER.to_json())
    study = replace(
        CASE.study, volumes={m: v for m, v in CASE.study.volumes.items() if m is not Modality.T1C}
    )
    backend = cnn_onnx(options(folder))

    grade = graded(backend, study)

    assert isinstance(grade, Failure)
    assert grade.reason is FailureReason.MISSING_MODALITY
    assert "no t1c (t1ce): enhancement" in grade.detail
    assert backend.localizer is not None
    (place,) = backend.localizer.localise([study], forms=())
    assert isinstance(place, LocalisationPrediction)


def test_a_grader_changes_the_fingerprint(weights: Path, tmp_path: Path) -> None:
    other = write_weights(tmp_path)
    (other / "grader.json").write_text(replace(GRADER, intercept=0.6).to_json())

    prints = {cnn_onnx(options(folder)).fingerprint for folder in (weights, other)}

    assert len(prints) == 2


def test_a_tumour_that_is_not_found_is_not_graded(tmp_path: Path) -> None:
    write_localizer(tmp_path / "localizer.onnx", threshold=1e3)
    (tmp_path / "grader.json").write_text(GRADER.to_json())

    failure = graded(cnn_onnx(options(tmp_path)))

    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.NO_TUMOUR_FOUND


def test_a_fold_whose_region_grader_has_learned_from_a_patient_does_not_answer(
    tmp_path: Path,
) -> None:
    own = (patient_hash(CASE.study.patient_id),)
    for name, learned, intercept in (("fold-0", own, 9.0), ("fold-1", ("ee",), 0.5)):
        folder = write_weights(tmp_path / name)
        grader = replace(GRADER, trained_on=learned, intercept=intercept)
        (folder / "grader.json").write_text(grader.to_json())

    grade = graded(cnn_onnx(options(tmp_path, held_out=str(tmp_path))))

    assert isinstance(grade, GradePrediction)
    assert grade.reasons[-1].log_odds == 0.5


def test_a_damaged_region_grader_is_told_and_never_passed_over(tmp_path: Path) -> None:
    write_weights(tmp_path)
    (tmp_path / "grader.json").write_text("{}")

    with pytest.raises(BackendError, match="region grader cannot be read"):
        cnn_onnx(options(tmp_path))
