import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry import Grid, Point3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.study import Grade

GRID = Grid(shape=(2, 2, 2), affine=np.diag([1.0, 2.0, 3.0, 1.0]))


@pytest.mark.parametrize("probability", [-0.01, 1.01, float("nan")])
def test_a_probability_outside_0_to_1_is_refused(probability: float) -> None:
    with pytest.raises(InvalidInputError, match="outside"):
        GradePrediction(Grade.HGG, probability)


def test_a_grade_needs_no_probability() -> None:
    assert GradePrediction(Grade.LGG).probability_hgg is None


def test_a_mask_measures_the_whole_tumour() -> None:
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[0] = True

    mask = Mask(grid=GRID, regions={Region.WT: whole})

    assert mask.whole is whole
    assert mask.volume_mm3 == 4 * 6.0


def test_a_mask_without_a_tumour_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one voxel"):
        Mask(grid=GRID, regions={Region.WT: np.zeros(GRID.shape, dtype=bool)})


def test_a_mask_without_the_whole_tumour_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="whole tumour"):
        Mask(grid=GRID, regions={Region.ET: np.ones(GRID.shape, dtype=bool)})


@pytest.mark.parametrize(
    "voxels", [np.ones((2, 2, 3), dtype=bool), np.ones((2, 2, 2), dtype=np.uint8)]
)
def test_a_mask_of_another_shape_or_type_is_refused(voxels: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match=r"wanted bool \(2, 2, 2\)"):
        Mask(grid=GRID, regions={Region.WT: voxels})


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
