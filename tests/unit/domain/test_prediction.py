import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid, Point3D
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
    Mask,
    with_answers,
)
from gliobench.domain.studies.study import Grade

GRID = Grid(shape=(2, 2, 2), affine=np.diag([1.0, 2.0, 3.0, 1.0]))


@pytest.mark.parametrize("probability", [-0.01, 1.01, float("nan")])
def test_a_probability_outside_0_to_1_is_refused(probability: float) -> None:
    with pytest.raises(InvalidInputError, match="outside"):
        GradePrediction(Grade.HGG, probability)


def test_a_grade_needs_no_probability() -> None:
    assert GradePrediction(Grade.LGG).probability_hgg is None


def test_a_grade_is_as_sure_as_its_own_probability() -> None:
    assert GradePrediction(Grade.HGG, 0.9).confidence == 0.9
    assert GradePrediction(Grade.LGG, 0.25).confidence == 0.75
    assert GradePrediction(Grade.LGG).confidence is None


@pytest.mark.parametrize(
    ("grades", "coverage"), [((Grade.LGG, Grade.LGG), 0.9), ((Grade.LGG,), 1.0), ((), 0.0)]
)
def test_a_set_of_grades_names_each_once_and_its_coverage(
    grades: tuple[Grade, ...], coverage: float
) -> None:
    with pytest.raises(InvalidInputError, match="grade set"):
        GradeSet(grades, coverage)


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_outside_0_to_1_is_refused(confidence: float) -> None:
    answers = {Form.POINT_3D: Point3D((1, 1, 1))}

    with pytest.raises(InvalidInputError, match="outside"):
        LocalisationPrediction(answers, confidence=confidence)
    with pytest.raises(InvalidInputError, match="outside"):
        LocalisationPrediction(answers, region_confidence={Region.WT: confidence})


def test_a_mask_names_the_whole_tumour() -> None:
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[0] = True

    mask = Mask(grid=GRID, regions={Region.WT: whole})

    assert mask.whole is whole


NOTHING = np.zeros(GRID.shape, dtype=bool)
NONE_FOUND = Failure(FailureReason.NO_TUMOUR_FOUND, "nothing", raw="No tumour is visible.")


def test_a_mask_without_a_voxel_says_that_there_is_no_tumour() -> None:
    mask = Mask(grid=GRID, regions={Region.WT: NOTHING})

    assert mask.is_empty
    assert LocalisationPrediction({Form.MASK: mask}).finds_tumour is False


def test_a_mask_of_a_cavity_alone_shows_no_tumour() -> None:
    cavity = np.ones(GRID.shape, dtype=bool)

    assert Mask(grid=GRID, regions={Region.WT: NOTHING, Region.RC: cavity}).is_empty


def test_a_mask_with_a_core_and_no_whole_tumour_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="empty, and a part of it is not"):
        Mask(grid=GRID, regions={Region.WT: NOTHING, Region.TC: ~NOTHING})


def test_a_tumour_is_found_where_any_answer_shows_one() -> None:
    point = Point3D(at=(0.0, 0.0, 0.0))
    refused = Failure(FailureReason.REFUSAL, "no")

    both = LocalisationPrediction({Form.POINT_3D: point, Form.BOX_3D: NO_TUMOUR})

    assert both.finds_tumour is True
    assert LocalisationPrediction({Form.BOX_3D: NO_TUMOUR}).finds_tumour is False
    assert LocalisationPrediction({Form.BOX_3D: refused}).finds_tumour is None


def test_no_tumour_found_as_a_failure_is_read_as_the_answer_it_is() -> None:
    found = with_answers(NONE_FOUND, [Form.POINT, Form.BOX])

    assert isinstance(found, LocalisationPrediction)
    assert found.answers == {Form.POINT: NO_TUMOUR, Form.BOX: NO_TUMOUR}
    assert found.raw[Form.POINT] == "No tumour is visible."


def test_other_failures_stay_failures() -> None:
    refused = Failure(FailureReason.REFUSAL, "no")
    mixed = LocalisationPrediction({Form.POINT: refused, Form.BOX: NONE_FOUND})

    found = with_answers(mixed, [Form.POINT, Form.BOX])

    assert with_answers(refused, [Form.POINT]) is refused
    assert isinstance(found, LocalisationPrediction)
    assert found.answers == {Form.POINT: refused, Form.BOX: NO_TUMOUR}


def test_a_mask_without_the_whole_tumour_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="whole tumour"):
        Mask(grid=GRID, regions={Region.ET: np.ones(GRID.shape, dtype=bool)})


@pytest.mark.parametrize(
    "voxels", [np.ones((2, 2, 3), dtype=bool), np.ones((2, 2, 2), dtype=np.uint8)]
)
def test_a_mask_of_another_shape_or_type_is_refused(voxels: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match=r"wanted bool \(2, 2, 2\)"):
        Mask(grid=GRID, regions={Region.WT: voxels})


def test_a_mask_that_hides_some_of_its_voxels_is_refused() -> None:
    hidden = np.ma.array(~NOTHING, mask=NOTHING)

    with pytest.raises(InvalidInputError, match="WT is a masked array: wanted a plain one"):
        Mask(grid=GRID, regions={Region.WT: hidden})


def test_a_failure_stands_in_for_any_form() -> None:
    failure = Failure(FailureReason.REFUSAL, "the model declined", raw="I cannot help")

    prediction = LocalisationPrediction({Form.BOX: failure})

    assert prediction.answers[Form.BOX] is failure


def test_an_answer_filed_under_another_form_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="a Point3D is no box"):
        LocalisationPrediction({Form.BOX: Point3D(at=(0.0, 0.0, 0.0))})


def test_a_localisation_prediction_without_answers_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="needs an answer"):
        LocalisationPrediction({})


def test_a_backends_label_map_names_its_convention() -> None:
    labels = np.array([[[0, 1, 2, 4]]])
    grid = Grid(shape=(1, 1, 4), affine=np.eye(4))

    of_2017 = Mask.of_labels(labels, convention=BUILT_IN["brats-gli-2017"], grid=grid)
    of_2024 = Mask.of_labels(labels, convention=BUILT_IN["brats-gli-2024"], grid=grid)

    assert of_2017.regions[Region.ET].ravel().tolist() == [False, False, False, True]
    assert of_2024.regions[Region.RC].ravel().tolist() == [False, False, False, True]
    assert of_2024.whole.ravel().tolist() == [False, True, True, False]
