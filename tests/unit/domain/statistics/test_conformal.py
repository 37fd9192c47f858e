import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.statistics.conformal import fit_conformal_sets
from gliobench.domain.studies.study import Grade

LGG = (0.1, 0.2, 0.3, 0.7)
HGG = (0.95, 0.9, 0.8, 0.6, 0.4, 0.85, 0.7, 0.99, 0.2)


def fitted(
    lgg: tuple[float, ...] = LGG, hgg: tuple[float, ...] = HGG, coverage: float = 0.8
) -> ConformalSets:
    reference = np.array([False] * len(lgg) + [True] * len(hgg))
    probability = np.array([*lgg, *hgg])
    return fit_conformal_sets(reference=reference, probability=probability, coverage=coverage)


def test_a_grade_is_kept_up_to_the_patient_of_the_rank_that_the_coverage_asks_for() -> None:
    sets = fitted()

    assert sets.lgg_up_to == 0.7  # rank (4 + 1) * 0.8 = 4 of 0.1, 0.2, 0.3, 0.7
    assert sets.hgg_from == 0.4  # rank (9 + 1) * 0.8 = 8 of 0.99, … 0.4, 0.2
    assert (sets.n_lgg, sets.n_hgg) == (4, 9)


def test_a_rank_that_is_no_integer_is_rounded_up() -> None:
    assert fitted(coverage=0.5).lgg_up_to == 0.3  # rank ⌈2.5⌉ = 3


def test_with_too_few_patients_a_grade_is_never_excluded() -> None:
    sets = fitted(coverage=0.9)  # rank ⌈4.5⌉ = 5 of four LGG, rank 9 of nine HGG

    assert sets.lgg_up_to == 1.0
    assert sets.hgg_from == 0.2
    assert fitted(hgg=(0.9,), coverage=0.9).hgg_from == 0.0


def test_a_study_between_the_limits_may_have_either_grade() -> None:
    sets = fitted()

    assert sets.grades(0.39) == (Grade.LGG,)
    assert sets.grades(0.4) == (Grade.LGG, Grade.HGG)
    assert sets.grades(0.7) == (Grade.LGG, Grade.HGG)
    assert sets.grades(0.71) == (Grade.HGG,)


def test_a_study_beyond_both_limits_is_like_neither_grade() -> None:
    sets = fitted(lgg=(0.1,) * 9, hgg=(0.9,) * 9)

    assert sets.grades(0.5) == ()


def test_each_grade_is_covered_as_stated_however_rare_it_is() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        reference = rng.random(n) < 0.8
        return reference, np.clip(rng.normal(np.where(reference, 0.7, 0.5), 0.2), 0, 1)

    reference, probability = draw(4000)
    sets = fit_conformal_sets(reference=reference, probability=probability, coverage=0.9)
    reference, probability = draw(4000)

    for grade in Grade:
        of_grade = probability[reference == (grade is Grade.HGG)]
        covered = np.mean([grade in sets.grades(float(p)) for p in of_grade])
        assert covered == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("lgg", "hgg", "coverage", "message"),
    [
        ((), HGG, 0.9, "both grades"),
        (LGG, (), 0.9, "both grades"),
        (LGG, HGG, 1.0, "coverage 1.0"),
        (LGG, (1.2,), 0.9, "from 0 to 1"),
        (LGG, (float("nan"),), 0.9, "from 0 to 1"),
    ],
)
def test_sets_that_cannot_be_fitted_are_refused(
    lgg: tuple[float, ...], hgg: tuple[float, ...], coverage: float, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        fitted(lgg, hgg, coverage)
