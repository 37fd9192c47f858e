import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import LabelConvention, Region

CONVENTIONS = list(LabelConvention)
SHAPES = npst.array_shapes(min_dims=3, max_dims=3, max_side=3)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_regions_are_nested_as_brats_evaluates_them(convention: LabelConvention) -> None:
    labels = np.array([0, 1, 2, convention.value])

    regions = convention.regions(labels)

    assert regions[Region.WT].tolist() == [False, True, True, True]
    assert regions[Region.TC].tolist() == [False, True, False, True]
    assert regions[Region.ET].tolist() == [False, False, False, True]


@given(st.sampled_from(CONVENTIONS), st.data())
def test_labels_survive_the_way_to_regions_and_back(
    convention: LabelConvention, data: st.DataObject
) -> None:
    known = st.sampled_from([0, 1, 2, convention.value])
    labels = data.draw(npst.arrays(np.uint8, SHAPES, elements=known))

    regions = convention.regions(labels)
    back = convention.labels(
        whole=regions[Region.WT], core=regions[Region.TC], enhancing=regions[Region.ET]
    )

    np.testing.assert_array_equal(back, labels)


def test_an_enhancing_voxel_outside_the_whole_tumour_widens_it() -> None:
    nothing, enhancing = np.zeros(2, dtype=bool), np.array([False, True])

    labels = LabelConvention.BRATS_2023.labels(whole=nothing, core=nothing, enhancing=enhancing)

    assert labels.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("labels", "convention"),
    [
        ([0, 1, 2, 4], LabelConvention.BRATS_2020),
        ([0, 1, 2, 3], LabelConvention.BRATS_2023),
        ([0, 1, 2], LabelConvention.BRATS_2020),
        ([0], LabelConvention.BRATS_2020),
    ],
)
def test_the_enhancing_label_tells_the_convention(
    labels: list[int], convention: LabelConvention
) -> None:
    assert LabelConvention.detect(np.array(labels)) is convention


def test_labels_of_both_conventions_together_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="3 and 4 together"):
        LabelConvention.detect(np.array([0, 3, 4]))


@pytest.mark.parametrize("label", [-1, 5, 255])
def test_an_unknown_label_is_named(label: int) -> None:
    with pytest.raises(InvalidInputError, match=rf"unknown labels \[{label}\]"):
        LabelConvention.detect(np.array([0, label]))


def test_a_label_of_the_other_convention_is_never_erased_in_silence() -> None:
    with pytest.raises(InvalidInputError, match=r"labels \[3\] are not of BRATS_2020"):
        LabelConvention.BRATS_2020.regions(np.array([0, 1, 3]))
