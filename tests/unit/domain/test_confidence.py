import numpy as np
import pytest

from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.confidence import expected_dice, region_confidence


def line(*probabilities: float) -> np.ndarray:
    return np.array(probabilities, dtype=np.float32).reshape(-1, 1, 1)


def test_a_mask_of_certain_voxels_expects_to_be_right() -> None:
    probability = line(0.0, 1.0, 1.0)

    assert expected_dice(probability, probability > 0.5) == 1.0


def test_doubt_within_the_mask_and_beside_it_lowers_what_is_expected() -> None:
    mask = line(0, 1, 1, 0) > 0

    # 2 * (0.8 + 0.6) / (0.8 + 0.6 + 2), then with 0.5 beside the mask
    assert expected_dice(line(0, 0.8, 0.6, 0), mask) == pytest.approx(2.8 / 3.4)
    assert expected_dice(line(0, 0.8, 0.6, 0.5), mask) == pytest.approx(2.8 / 3.9)


def test_that_there_is_nothing_is_as_sure_as_the_likeliest_voxel_is_not() -> None:
    assert expected_dice(line(0.0, 0.1, 0.15), line(0, 0, 0) > 0) == pytest.approx(0.85)


def test_each_region_is_judged_by_its_own_probabilities_within_the_one_around_it() -> None:
    whole, core = line(0.9, 0.9, 0.1), line(0.8, 0.1, 0.8)

    found = region_confidence(np.stack([whole, core]), threshold=0.5, smallest_vox=1)

    assert found == {
        Region.WT: pytest.approx(3.6 / 3.9),
        Region.TC: pytest.approx(1.6 / 2.7),  # the last voxel is outside of the whole tumour
    }


def test_a_second_place_that_was_dropped_for_its_size_counts_against_the_first() -> None:
    alone, beside = line(1, 1, 1, 0, 0), line(1, 1, 1, 0, 1)
    options = {"threshold": 0.5, "smallest_vox": 2}

    assert region_confidence(alone[np.newaxis], **options)[Region.WT] == 1.0
    assert region_confidence(beside[np.newaxis], **options)[Region.WT] == pytest.approx(6 / 7)
