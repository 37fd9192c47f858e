from __future__ import annotations

import pytest

from gliobench.domain.networks.region_measures import RegionMeasures
from gliobench.domain.networks.segmentation_errors import SegmentationErrors

ENHANCING = RegionMeasures(wt_ml=59.9, tc_ml=29.9, et_ml=9.9, rim=0.5, enclosed=0.5)
HALVED = RegionMeasures(wt_ml=59.9, tc_ml=14.9, et_ml=4.9, rim=0.8, enclosed=0.5)
PLAIN = RegionMeasures(wt_ml=40.0, tc_ml=10.0, et_ml=0.0, rim=0.0, enclosed=0.0)
INVENTED = RegionMeasures(wt_ml=40.0, tc_ml=10.0, et_ml=1.0, rim=0.1, enclosed=0.0)


def test_volumes_err_by_factors_and_shares_by_log_odds() -> None:
    errors = SegmentationErrors.of([(ENHANCING, HALVED)])

    (drawn,) = errors.over(
        RegionMeasures(wt_ml=99.9, tc_ml=49.9, et_ml=19.9, rim=0.2, enclosed=0.3)
    )

    assert (drawn.wt_ml, drawn.tc_ml, drawn.et_ml) == pytest.approx((99.9, 24.9, 9.9))
    assert drawn.rim == pytest.approx(0.5)  # odds of 1:4, times 4
    assert drawn.enclosed == pytest.approx(0.3)


def test_errors_are_of_tumours_of_the_same_kind() -> None:
    errors = SegmentationErrors.of([(ENHANCING, HALVED), (PLAIN, INVENTED)])

    (drawn,) = errors.over(RegionMeasures(wt_ml=20.0, tc_ml=5.0, et_ml=0.0, rim=0.0, enclosed=0.0))

    assert drawn.et_ml == pytest.approx(1.0)
    assert drawn.wt_ml == pytest.approx(20.0)


def test_volumes_stay_nested_and_shares_possible() -> None:
    grown = RegionMeasures(wt_ml=59.9, tc_ml=299.9, et_ml=299.9, rim=0.9, enclosed=0.9)
    errors = SegmentationErrors.of([(ENHANCING, grown)])

    (drawn,) = errors.over(ENHANCING)

    assert drawn.et_ml == drawn.tc_ml == drawn.wt_ml == pytest.approx(59.9)
    assert (drawn.rim, drawn.enclosed) == (pytest.approx(0.9), 0.0)


def test_a_tumour_whose_enhancement_is_missed_has_no_rim() -> None:
    missed = RegionMeasures(wt_ml=59.9, tc_ml=0.0, et_ml=0.0, rim=0.0, enclosed=0.0)

    (drawn,) = SegmentationErrors.of([(ENHANCING, missed)]).over(ENHANCING)

    assert drawn == RegionMeasures(pytest.approx(59.9), 0.0, 0.0, 0.0, 0.0)


def test_without_a_pair_of_its_kind_a_tumour_stays_as_it_is() -> None:
    assert SegmentationErrors.of([(ENHANCING, HALVED)]).over(PLAIN) == [PLAIN]
