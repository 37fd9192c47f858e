from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from gliobench.adapters.baselines.backends import (
    brain_centroid,
    centre_prior,
    load_priors,
    majority,
    mean_box,
    prevalence,
    site_only,
)
from gliobench.adapters.baselines.rules import box_in_brain
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D, Point3D
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Study

ALL = [majority, prevalence, site_only, centre_prior, brain_centroid, mean_box]
NAMES = ["majority", "prevalence", "site-only", "centre-prior", "brain-centroid", "mean-box"]
OPTIONS = BackendOptions()
STUDY = fake_case(shape=(12, 14, 10)).study


def grade(backend: Backend, study: Study) -> GradePrediction:
    assert backend.classifier is not None
    (answer,) = backend.classifier.classify([study])
    assert isinstance(answer, GradePrediction)
    return answer


def place(backend: Backend, study: Study) -> LocalisationPrediction | Failure:
    assert backend.localizer is not None
    (answer,) = backend.localizer.localise([study], backend.localizer.forms)
    return answer


def test_each_baseline_bears_the_name_of_its_entry_point_and_a_fingerprint_of_its_own() -> None:
    backends = [make(OPTIONS) for make in ALL]

    assert [backend.name for backend in backends] == NAMES
    assert len({backend.fingerprint for backend in backends}) == len(ALL)


def test_the_majority_is_hgg_without_a_probability() -> None:
    assert grade(majority(OPTIONS), STUDY) == GradePrediction(Grade.HGG)


def test_the_prevalence_is_293_of_369() -> None:
    assert grade(prevalence(OPTIONS), STUDY) == GradePrediction(Grade.HGG, 293 / 369)


@pytest.mark.parametrize(
    ("site", "hgg", "lgg"), [("CBICA", 129, 0), ("TCIA10", 0, 35), ("2013", 20, 10), (None, 0, 0)]
)
def test_a_site_answers_its_share_of_hgg_mixed_with_two_studies_of_the_whole(
    site: str | None, hgg: int, lgg: int
) -> None:
    answer = grade(site_only(OPTIONS), replace(STUDY, site=site))

    wanted = (hgg + 2 * 293 / 369) / (hgg + lgg + 2)
    assert answer.probability_hgg == pytest.approx(wanted)
    assert answer.grade is (Grade.LGG if site == "TCIA10" else Grade.HGG)


def test_a_site_that_is_not_known_answers_the_prevalence() -> None:
    answer = grade(site_only(OPTIONS), replace(STUDY, site="elsewhere"))

    assert answer.probability_hgg == pytest.approx(293 / 369)


def test_the_centre_prior_points_at_the_middle_of_the_image() -> None:
    answer = place(centre_prior(OPTIONS), STUDY)

    assert isinstance(answer, LocalisationPrediction)
    assert answer.answers == {Form.POINT_3D: Point3D(at=(5.5, 6.5, 4.5))}


def test_the_brain_centroid_is_that_of_voxels_that_differ_from_zero() -> None:
    volume = np.zeros((12, 14, 10), dtype=np.float32)
    volume[2:4, 5:6, 0:9] = -3.0
    study = replace(STUDY, volumes=dict.fromkeys(STUDY.volumes, volume))

    answer = place(brain_centroid(OPTIONS), study)

    assert isinstance(answer, LocalisationPrediction)
    assert answer.answers == {Form.POINT_3D: Point3D(at=(2.5, 5.0, 4.0))}


def test_a_box_in_the_brain_is_rounded_outwards() -> None:
    # The brain of a fake case is all but a border of one voxel: 10×12×8 from (1, 1, 1).
    rule = box_in_brain((0.25, 0.5, 0.0), (0.75, 0.51, 1.0))

    assert rule(STUDY) == Box3D(start=(3, 7, 1), stop=(9, 8, 9))


def test_the_mean_box_lies_in_the_middle_of_the_brain() -> None:
    start, stop = load_priors().box

    assert all(0.2 < low < 0.4 for low in start)
    assert all(0.6 < high < 0.8 for high in stop)


def test_a_study_without_modalities_has_no_brain() -> None:
    answer = place(brain_centroid(OPTIONS), replace(STUDY, volumes={}))

    assert isinstance(answer, Failure)
    assert answer.reason is FailureReason.MISSING_MODALITY


def test_a_study_of_zeros_has_no_brain() -> None:
    zeros = {modality: np.zeros_like(volume) for modality, volume in STUDY.volumes.items()}

    answer = place(mean_box(OPTIONS), replace(STUDY, volumes=zeros))

    assert isinstance(answer, Failure)
    assert "every voxel is zero" in answer.detail


def test_a_baseline_asked_for_another_form_says_what_it_knows() -> None:
    localizer = centre_prior(OPTIONS).localizer
    assert localizer is not None

    with pytest.raises(InvalidInputError, match="knows point_3d"):
        localizer.localise([STUDY], [Form.BOX_3D])


def test_what_was_fitted_tells_on_whom() -> None:
    known = patient_hash("BraTS20_Training_007")

    assert {make(OPTIONS).name for make in ALL if known in (make(OPTIONS).trained_on or ())} == {
        "majority",
        "prevalence",
        "site-only",
        "mean-box",
    }


def test_every_baseline_states_its_training_data_though_some_learned_from_nobody() -> None:
    learned = {make(OPTIONS).name: make(OPTIONS).trained_on for make in ALL}

    assert None not in learned.values()
    assert learned["centre-prior"] == learned["brain-centroid"] == frozenset()
