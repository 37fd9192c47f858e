from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_case_score import fake_case_score, fake_target
from gliobench.domain.comparison.strata import Laterality, Stratifier, laterality, stratify
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, Grid, Plane, Point3D
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE
from gliobench.domain.studies.study import Grade


def sized(*volumes_ml: float) -> list[CaseScore]:
    return [
        fake_case_score(f"s{number}", target=fake_target(volume_mm3=1000 * volume))
        for number, volume in enumerate(volumes_ml)
    ]


def test_sizes_are_parted_into_terciles_of_the_cohort() -> None:
    strata = stratify(sized(6.0, 1.0, 2.0, 5.0, 3.0, 4.0), Stratifier.SIZE)

    assert strata.names == ("small", "medium", "large")
    assert strata.part.tolist() == [2, 0, 0, 2, 1, 1]
    assert (strata.edges, strata.unit) == ((2.0, 4.0), "ml")


def on_one_plane(*pixels: int) -> list[CaseScore]:
    """Tumours on grids of one plane, of pixels of 2x10 mm, whatever its thickness."""
    grid, plane = Grid((9, 9, 1), np.diag([2.0, 10.0, 1.0, 1.0])), Plane(Axis.AXIAL, 0)
    return [
        fake_case_score(
            f"slice{count}",
            target=TargetFacts.of(
                np.arange(81).reshape(grid.shape) < count, grid=grid, plane=plane
            ),
        )
        for count in pixels
    ]


def test_tumours_on_single_slices_are_parted_by_their_area() -> None:
    strata = stratify(on_one_plane(5, 10, 15), Stratifier.SIZE)

    assert strata.part.tolist() == [0, 1, 2]
    assert (strata.edges, strata.unit) == (pytest.approx((1.0, 2.0)), "cm²")


def test_slices_among_volumes_are_parted_by_volume() -> None:
    assert stratify([*on_one_plane(5), *sized(1.0)], Stratifier.SIZE).unit == "ml"


def test_equal_sizes_share_a_part() -> None:
    strata = stratify(sized(1.0, 1.0, 1.0, 1.0, 9.0), Stratifier.SIZE)

    assert strata.names == ("small", "large")
    assert strata.part.tolist() == [0, 0, 0, 0, 1]


def test_a_case_without_a_tumour_is_in_no_part_of_size() -> None:
    strata = stratify([*sized(1.0, 2.0, 3.0), fake_case_score("none")], Stratifier.SIZE)

    assert strata.part.tolist() == [0, 1, 2, -1]
    assert strata.members("large").tolist() == [False, False, True, False]
    assert strata.members("giant").tolist() == [False] * 4


def test_a_cohort_without_tumours_has_no_parts() -> None:
    strata = stratify([fake_case_score()], Stratifier.SIZE)

    assert (strata.names, strata.edges, strata.part.tolist()) == ((), (), [-1])


def test_eccentricity_is_the_distance_from_the_brains_centre() -> None:
    # 1 mm, 10 mm and 20 mm in front of the tumour's centre (20, 15, 2).
    cases = [
        fake_case_score(
            f"s{ahead}", target=fake_target(brain=Point3D(at=(20.0, 15.0 + ahead, 2.0)))
        )
        for ahead in (20, 1, 10)
    ]

    strata = stratify(cases, Stratifier.ECCENTRICITY)

    assert [strata.names[part] for part in strata.part] == ["peripheral", "central", "intermediate"]
    assert strata.edges == pytest.approx((1.0, 10.0))


def test_without_a_brain_neither_side_nor_eccentricity_is_known() -> None:
    cases = [fake_case_score(target=fake_target(brain=None))]

    assert stratify(cases, Stratifier.ECCENTRICITY).part.tolist() == [-1]
    assert stratify(cases, Stratifier.LATERALITY).part.tolist() == [-1]


@pytest.mark.parametrize(
    ("right_share", "side"),
    [
        (0.0, Laterality.LEFT),
        (0.049, Laterality.LEFT),
        (0.05, Laterality.CROSSING),
        (0.5, Laterality.CROSSING),
        (0.94, Laterality.CROSSING),
        (0.96, Laterality.RIGHT),
        (1.0, Laterality.RIGHT),
    ],
)
def test_a_tumour_crosses_where_a_twentieth_of_it_is_on_the_other_side(
    right_share: float, side: Laterality
) -> None:
    assert laterality(right_share) is side


def test_sides_are_named_from_left_to_right() -> None:
    cases = [
        fake_case_score(target=fake_target(right_share=share)) for share in (1.0, 0.5, 0.0, 1.0)
    ]

    strata = stratify(cases, Stratifier.LATERALITY)

    assert strata.names == ("left", "crossing the midline", "right")
    assert strata.part.tolist() == [2, 1, 0, 2]


def test_grades_and_sites_are_parts() -> None:
    cases = [
        fake_case_score("s1", reference=Grade.HGG, site="TMC"),
        fake_case_score("s2", reference=Grade.LGG, site="2013"),
        fake_case_score("s3", reference=None, site=None),
    ]

    grades, sites = stratify(cases, Stratifier.GRADE), stratify(cases, Stratifier.SITE)

    assert (grades.names, grades.part.tolist()) == ((NEGATIVE, POSITIVE), [1, 0, -1])
    assert (sites.names, sites.part.tolist()) == (("2013", "TMC"), [1, 0, -1])


@pytest.mark.parametrize("by", Stratifier)
def test_no_cases_have_no_parts(by: Stratifier) -> None:
    assert stratify([], by).names == ()
