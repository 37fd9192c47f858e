"""The backend `cnn-onnx` with two tiny networks: FLAIR above a z-score is tumour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

pytest.importorskip("onnx", reason="the extra `train` is not installed")

from fakes.fake_study_source import fake_case
from fakes.onnx_file import (
    FLAIR,
    GRADER_CARD,
    LOCALIZER_CARD,
    write_grader,
    write_localizer,
    write_subset_weights,
    write_weights,
)
from fakes.torn_volumes import TornVolumes
from gliobench.adapters.onnx.backend import cnn_onnx
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.backends.network_backend import backend_of, mask_found
from gliobench.application.backends.tumour_finder import TumourFinder, tumour_probabilities
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.network import Network
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import Place
from gliobench.domain.errors import BackendError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Box3D, Grid
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import SURE_ENOUGH
from gliobench.domain.networks.model_card import ModelCard
from gliobench.domain.predictions.forms import box_in_volume
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Grade, Modality, Study

CASE = fake_case(spacing_mm=(2.0, 2.0, 2.0))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def backend(weights: Path) -> Iterator[Backend]:
    return cnn_onnx(BackendOptions(weights_dir=str(weights), threads=1))


def mask_of(backend: Backend, study: Study) -> Mask:
    assert backend.localizer is not None
    (place,) = backend.localizer.localise([study], {Form.MASK})
    assert isinstance(place, LocalisationPrediction)
    mask = place.answers[Form.MASK]
    assert isinstance(mask, Mask)
    return mask


def answers(backend: Backend, study: Study) -> list[object]:
    assert backend.localizer is not None
    assert backend.classifier is not None
    return [
        *backend.localizer.localise([study], {Form.MASK}),
        *backend.classifier.classify([study]),
    ]


class CountingNetwork(Network):
    """A network that counts how often it is run."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.runs = 0

    @property
    def card(self) -> ModelCard:
        return self._network.card

    def run(self, inputs: np.ndarray) -> np.ndarray:
        self.runs += 1
        return self._network.run(inputs)


def test_a_bright_tumour_is_found_exactly_where_it_is(backend: Backend) -> None:
    mask = mask_of(backend, CASE.study)

    assert mask.grid == CASE.study.grid
    for region in NESTED:
        np.testing.assert_array_equal(mask.regions[region], CASE.reference.regions[Region.WT])


def test_a_tumour_larger_than_the_network_s_window_is_found_whole(backend: Backend) -> None:
    tumour = Box3D(start=(4, 4, 4), stop=(44, 10, 10))
    study = fake_case(shape=(48, 14, 14), spacing_mm=(2.0, 2.0, 2.0), tumour=tumour).study

    assert box_in_volume(mask_of(backend, study).whole) == tumour


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0), (0.8, 1.3, 2.5)])
def test_on_other_voxels_the_box_is_found_within_one_of_the_network_s(
    backend: Backend, spacing_mm: tuple[float, float, float]
) -> None:
    tumour = Box3D(start=(8, 10, 4), stop=(20, 20, 12))
    case = fake_case(shape=(30, 32, 16), spacing_mm=spacing_mm, tumour=tumour)

    box = box_in_volume(mask_of(backend, case.study).whole)

    for found, expected in ((box.start, tumour.start), (box.stop, tumour.stop)):
        apart_mm = np.abs(np.subtract(found, expected)) * spacing_mm
        assert (apart_mm <= 2.0).all()


def test_a_study_whose_files_run_to_the_left_is_answered_where_its_files_say(
    backend: Backend,
) -> None:
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:2, 3] = 22, 26
    native = Grid(shape=CASE.study.grid.shape, affine=affine)

    place = predict_study(replace(CASE.study, native_grid=native), backend).place

    assert isinstance(place, Place)
    assert place.box_vox == Box3D(start=(4, 5, 2), stop=(9, 10, 6))
    assert native.to_mm(place.centre_vox) == pytest.approx(place.centre_mm)
    assert place.centre_mm == pytest.approx((10.0, 12.0, 7.0))


def test_a_grade_is_read_from_the_crop_about_the_tumour_at_the_card_s_temperature(
    backend: Backend,
) -> None:
    study = CASE.study

    (_, grade) = answers(backend, study)

    whole = CASE.reference.regions[Region.WT]
    crop = grader_volumes(
        study, centre=tumour_centre(whole), geometry=GraderGeometry(), rules=intensity_rules(study)
    )
    assert isinstance(grade, GradePrediction)
    expected = expit(2.0 * crop[FLAIR].mean() / 2.0)
    assert grade.probability_hgg == pytest.approx(expected, abs=1e-5)
    assert grade.grade is (Grade.HGG if expected >= 0.5 else Grade.LGG)


def test_a_network_turned_round_gives_the_other_grade(weights: Path, tmp_path: Path) -> None:
    localizer = OnnxNetwork(weights / "localizer.onnx", kind="localizer")
    grades = []

    for gain in (50.0, -50.0):
        grader = OnnxNetwork(write_grader(tmp_path / "grader.onnx", gain=gain), kind="grader")
        (_, grade) = answers(backend_of(localizer, grader, provenance={}), CASE.study)
        assert isinstance(grade, GradePrediction)
        grades.append(grade)

    assert {grade.grade for grade in grades} == set(Grade)
    assert sum(grade.probability_hgg for grade in grades) == pytest.approx(1.0)
    assert max(grades, key=lambda one: one.probability_hgg).grade is Grade.HGG


def test_the_tumour_is_looked_for_once_a_study_for_grade_and_place(weights: Path) -> None:
    localizer = CountingNetwork(OnnxNetwork(weights / "localizer.onnx", kind="localizer"))
    grader = OnnxNetwork(weights / "grader.onnx", kind="grader")
    backend = backend_of(localizer, grader, provenance={})

    answers(backend, CASE.study)
    answers(backend, fake_case("another", spacing_mm=(2.0, 2.0, 2.0)).study)

    assert localizer.runs == 2


def test_studies_that_were_answered_are_let_go(weights: Path) -> None:
    finder = TumourFinder(OnnxNetwork(weights / "localizer.onnx", kind="localizer"))

    for number in range(3):
        mask_found(finder, fake_case(f"s{number}").study)

    assert len(finder._found) <= 1


@pytest.mark.parametrize("missing", list(Modality))
def test_a_study_without_a_modality_fails_as_such(backend: Backend, missing: Modality) -> None:
    study = fake_case(modalities=[m for m in Modality if m is not missing]).study

    for answer in answers(backend, study):
        assert isinstance(answer, Failure)
        assert answer.reason is FailureReason.MISSING_MODALITY
        assert missing.value in answer.detail


@pytest.fixture(scope="module")
def any_subset(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    folder = write_subset_weights(tmp_path_factory.mktemp("any-subset"))
    return cnn_onnx(BackendOptions(weights_dir=str(folder), threads=1))


SUBSETS = list(chain.from_iterable(combinations(Modality, size) for size in range(1, 5)))
ENOUGH = [subset for subset in SUBSETS if {Modality.T1C, Modality.T2F} & set(subset)]


def of_subset(subset: tuple[Modality, ...]) -> Study:
    return replace(CASE.study, volumes={m: CASE.study.volumes[m] for m in subset})


@pytest.mark.parametrize("subset", ENOUGH, ids=" ".join)
def test_any_subset_with_t1c_or_flair_is_graded_and_its_tumour_found(
    any_subset: Backend, subset: tuple[Modality, ...]
) -> None:
    study = of_subset(subset)

    place, grade = answers(any_subset, study)

    assert isinstance(place, LocalisationPrediction)
    np.testing.assert_array_equal(
        mask_of(any_subset, study).whole, CASE.reference.regions[Region.WT]
    )
    assert isinstance(grade, GradePrediction)
    if Modality.T2F not in subset:  # the grader's logit is that of FLAIR
        assert grade.probability_hgg == 0.5


def test_of_fifteen_subsets_twelve_are_enough() -> None:
    assert (len(SUBSETS), len(ENOUGH)) == (15, 12)


@pytest.mark.parametrize("subset", sorted(set(SUBSETS) - set(ENOUGH)), ids=" ".join)
def test_a_subset_with_neither_t1c_nor_flair_fails_in_one_line(
    any_subset: Backend, subset: tuple[Modality, ...]
) -> None:
    for answer in answers(any_subset, of_subset(subset)):
        assert answer == Failure(
            FailureReason.MISSING_MODALITY,
            "study study-1 has no t1c (t1ce) and no t2f (flair): wanted t1c or t2f",
        )


def test_a_whole_study_is_answered_as_without_modality_dropout(
    backend: Backend, tmp_path: Path
) -> None:
    card = replace(LOCALIZER_CARD, modality_dropout=True)
    write_localizer(tmp_path / "localizer.onnx", card=card)
    write_grader(tmp_path / "grader.onnx", card=replace(GRADER_CARD, modality_dropout=True))
    other = cnn_onnx(BackendOptions(weights_dir=str(tmp_path), threads=1))

    assert answers(other, CASE.study)[1] == answers(backend, CASE.study)[1]
    mask = mask_of(backend, CASE.study)
    for region, voxels in mask_of(other, CASE.study).regions.items():
        np.testing.assert_array_equal(voxels, mask.regions[region])


@pytest.mark.parametrize("torn", list(Modality))
def test_a_modality_that_cannot_be_read_is_not_an_absent_one(
    any_subset: Backend, torn: Modality
) -> None:
    readable = {m: volume for m, volume in CASE.study.volumes.items() if m is not torn}
    error = InvalidInputError(f"{torn.value}.nii.gz: truncated")
    study = replace(CASE.study, volumes=TornVolumes(readable, error))

    for answer in answers(any_subset, study):
        assert answer == Failure(FailureReason.UNREADABLE_STUDY, str(error))


def test_a_modality_of_zeros_is_not_an_absent_one(any_subset: Backend) -> None:
    zeros = np.zeros(CASE.study.grid.shape, dtype=np.float32)
    study = replace(CASE.study, volumes={**CASE.study.volumes, Modality.T1N: zeros})

    for answer in answers(any_subset, study):
        assert answer == Failure(FailureReason.UNREADABLE_STUDY, "volume is zero everywhere")


def test_a_grader_that_needs_all_modalities_fails_where_the_localizer_answers(
    weights: Path, tmp_path: Path
) -> None:
    localizer = write_subset_weights(tmp_path) / "localizer.onnx"
    networks = [OnnxNetwork(file, kind=file.stem) for file in (localizer, weights / "grader.onnx")]
    backend = backend_of(*networks, provenance={})

    place, grade = answers(backend, of_subset((Modality.T1C, Modality.T2F)))

    assert isinstance(place, LocalisationPrediction)
    assert grade == Failure(
        FailureReason.MISSING_MODALITY, "study study-1 has no t1n (t1) and no t2w (t2)"
    )


def test_an_empty_volume_fails_as_unreadable(backend: Backend) -> None:
    zeros = np.zeros(CASE.study.grid.shape, dtype=np.float32)
    study = replace(CASE.study, volumes={**CASE.study.volumes, Modality.T1N: zeros})

    for answer in answers(backend, study):
        assert isinstance(answer, Failure)
        assert answer.reason is FailureReason.UNREADABLE_STUDY


def test_a_study_without_a_tumour_has_neither_place_nor_grade(backend: Backend) -> None:
    study = fake_case(tumour=None, spacing_mm=(2.0, 2.0, 2.0)).study

    place, grade = answers(backend, study)

    assert isinstance(place, LocalisationPrediction)
    assert place.answers == {Form.MASK: NO_TUMOUR}
    assert isinstance(grade, Failure)
    assert grade.reason is FailureReason.NO_TUMOUR_FOUND


def test_a_place_states_the_dice_that_its_probabilities_expect(weights: Path) -> None:
    network = OnnxNetwork(weights / "localizer.onnx", kind="localizer")
    place = mask_found(TumourFinder(network), CASE.study)

    likely = tumour_probabilities(network, CASE.study)

    assert isinstance(place, LocalisationPrediction)
    for region, channel in zip(NESTED, likely, strict=True):
        mask = channel > SURE_ENOUGH  # of this tumour all voxels are large enough
        expected = 2 * channel[mask].sum() / (channel.sum() + mask.sum())
        assert place.region_confidence[region] == pytest.approx(expected, abs=1e-5)
    assert place.confidence == place.region_confidence[Region.WT]


def test_probabilities_of_voxels_are_those_that_the_mask_was_cut_from(backend: Backend) -> None:
    reading = predict_study(CASE.study, backend, probabilities=True)

    assert isinstance(reading.place, Place)
    assert reading.place.mask is not None
    assert list(reading.probabilities) == list(NESTED)
    for region, likely in reading.probabilities.items():
        assert (likely.dtype, likely.shape) == (np.float32, CASE.study.grid.shape)
        assert 0 <= likely.min() <= likely.max() <= 1
        np.testing.assert_array_equal(likely > SURE_ENOUGH, reading.place.mask.regions[region])


@pytest.mark.parametrize(
    ("lgg_up_to", "hgg_from", "grades"),
    [(1.0, 0.0, (Grade.LGG, Grade.HGG)), (0.0, 0.0, (Grade.HGG,)), (0.0, 1.0, ())],
)
def test_the_limits_in_the_card_decide_which_grades_are_excluded(
    weights: Path, tmp_path: Path, lgg_up_to: float, hgg_from: float, grades: tuple[Grade, ...]
) -> None:
    sets = ConformalSets(0.9, lgg_up_to, hgg_from, n_lgg=20, n_hgg=80)
    path = write_grader(tmp_path / "grader.onnx", card=replace(GRADER_CARD, conformal=sets))
    localizer = OnnxNetwork(weights / "localizer.onnx", kind="localizer")
    made = backend_of(localizer, OnnxNetwork(path, kind="grader"), provenance={})

    _, grade = answers(made, CASE.study)

    assert isinstance(grade, GradePrediction)
    assert grade.grade_set == GradeSet(grades, 0.9)


def test_a_network_that_breaks_on_a_study_fails_it(weights: Path, tmp_path: Path) -> None:
    path = write_localizer(tmp_path / "nan.onnx", threshold=float("nan"))
    grader = OnnxNetwork(weights / "grader.onnx", kind="grader")
    backend = backend_of(OnnxNetwork(path, kind="localizer"), grader, provenance={})

    for answer in answers(backend, CASE.study):
        assert isinstance(answer, Failure)
        assert answer.reason is FailureReason.BACKEND_ERROR


def test_the_backend_tells_what_decided_its_answers(weights: Path, backend: Backend) -> None:
    assert backend.name == "cnn-onnx"
    assert backend.trained_on == {"aa", "bb", "cc"}
    assert backend.provenance["provider"] == "cpu"
    assert backend.provenance["localizer"] == "one threshold"
    assert len(backend.provenance["grader_sha256"]) == 64
    assert cnn_onnx(BackendOptions(weights_dir=str(weights))).fingerprint == backend.fingerprint


def test_other_weights_have_another_fingerprint(backend: Backend, tmp_path: Path) -> None:
    write_weights(tmp_path)
    write_grader(tmp_path / "grader.onnx", gain=3.0)

    other = cnn_onnx(BackendOptions(weights_dir=str(tmp_path)))

    assert other.fingerprint != backend.fingerprint


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no weights at .*localizer\.onnx"):
        cnn_onnx(BackendOptions(weights_dir=str(tmp_path)))


def test_networks_that_were_mixed_up_are_refused(tmp_path: Path) -> None:
    write_grader(tmp_path / "localizer.onnx")
    write_localizer(tmp_path / "grader.onnx")

    with pytest.raises(BackendError, match="is a grader: wanted a localizer"):
        cnn_onnx(BackendOptions(weights_dir=str(tmp_path)))
