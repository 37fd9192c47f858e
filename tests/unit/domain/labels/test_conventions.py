import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN, built_in
from gliobench.domain.labels.regions import NESTED, Region

WT, TC, ET = NESTED
RC, CC, SNFH, NETC, ED, GTV = (Region[name] for name in ("RC", "CC", "SNFH", "NETC", "ED", "GTV"))
OF_2023 = {WT: {1, 2, 3}, TC: {1, 3}, ET: {3}}
TABLE = {
    "brats-gli-2012": {WT: {1, 2, 3, 4}, TC: {1, 3, 4}, ET: {4}},
    "brats-gli-2017": {WT: {1, 2, 4}, TC: {1, 4}, ET: {4}},
    "brats-gli-2023": OF_2023,
    "brats-ssa-2023": OF_2023,
    "brats-men-2023": OF_2023,
    "brats-met-2023": OF_2023,
    "brats-ped-2023": OF_2023,
    "brats-goat-2024": OF_2023,
    "brats-gli-2024": OF_2023 | {SNFH: {2}, NETC: {1}, RC: {4}},
    "brats-met-2025": OF_2023 | {RC: {4}},
    "brats-ped-2024": {WT: {1, 2, 3, 4}, TC: {1, 2, 3}, ET: {1}, NETC: {2}, CC: {3}, ED: {4}},
    "brats-men-rt-2024": {GTV: {1}},
    "nnunet-brats": {WT: {1, 2, 3}, TC: {2, 3}, ET: {3}},
    "tumour": {WT: {1}},
}
SHAPES = npst.array_shapes(min_dims=3, max_dims=3, max_side=3)


def own(**changes: object) -> LabelConvention:
    fields: dict[str, object] = {
        "name": "own",
        "title": "Ours",
        "tissues": {1: "oedema", 5: "tumour"},
        "regions": {WT: frozenset({1, 5}), TC: frozenset({5})},
    }
    return LabelConvention(**(fields | changes))  # type: ignore[arg-type]


def test_every_row_of_the_table_of_conventions_is_built_in() -> None:
    regions = {name: dict(one.regions) for name, one in BUILT_IN.items()}

    assert regions == TABLE


@pytest.mark.parametrize("name", TABLE)
def test_a_label_map_becomes_the_regions_of_its_convention(name: str) -> None:
    convention = BUILT_IN[name]
    labels = np.array([0, *convention.tissues])

    regions = convention.split(labels)

    assert {region: set(labels[voxels].tolist()) for region, voxels in regions.items()} == TABLE[
        name
    ]


def test_a_resection_cavity_is_neither_whole_tumour_nor_enhancing() -> None:
    regions = BUILT_IN["brats-gli-2024"].split(np.array([0, 2, 4]))

    assert regions[WT].tolist() == [False, True, False]
    assert not regions[ET].any()
    assert regions[RC].tolist() == [False, False, True]


@given(st.sampled_from(sorted(set(TABLE) - {"tumour"})), st.data())
def test_labels_survive_the_way_to_regions_and_back(name: str, data: st.DataObject) -> None:
    convention = BUILT_IN[name]
    integers = [0, *convention.tissues]
    if name == "brats-gli-2012":
        integers.remove(3)  # both 1 and 3 are core that does not enhance
    labels = data.draw(npst.arrays(np.uint8, SHAPES, elements=st.sampled_from(integers)))

    np.testing.assert_array_equal(convention.merge(convention.split(labels)), labels)


def test_an_enhancing_voxel_outside_the_whole_tumour_widens_it() -> None:
    nothing, enhancing = np.zeros(2, dtype=bool), np.array([False, True])

    labels = BUILT_IN["brats-gli-2023"].merge({WT: nothing, TC: nothing, ET: enhancing})

    assert labels.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("brats-gli-2017", [2, 1, 4]),
        ("brats-ped-2024", [4, 2, 1]),
        ("nnunet-brats", [1, 2, 3]),
        ("tumour", [1, 1, 1]),
        ("brats-men-rt-2024", [1, 1, 1]),
    ],
)
def test_oedema_core_and_enhancing_tumour_are_written_in_the_integers_of_a_convention(
    name: str, written: list[int]
) -> None:
    whole, core, enhancing = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], dtype=bool)

    labels = BUILT_IN[name].merge({WT: whole, TC: core, ET: enhancing})

    assert labels.tolist() == written


def test_a_voxel_that_a_convention_has_no_integer_for_is_not_written() -> None:
    convention = own(regions={WT: frozenset({1, 5}), TC: frozenset({5}), ET: frozenset({5})})
    core = np.array([True])

    with pytest.raises(InvalidInputError, match="no integer for TC without ET"):
        convention.merge({WT: core, TC: core, ET: ~core})


@pytest.mark.parametrize(
    ("name", "label"), [("brats-gli-2017", 3), ("brats-gli-2023", 4), ("brats-men-rt-2024", 2)]
)
def test_a_label_of_another_convention_is_never_erased_in_silence(name: str, label: int) -> None:
    with pytest.raises(InvalidInputError, match=f"label {label} is not of {name}: wanted 0, 1"):
        BUILT_IN[name].split(np.array([0, 1, label]))


@pytest.mark.parametrize("label", [-1, 5, 255, 0.5, np.nan])
def test_an_unknown_number_is_named(label: float) -> None:
    with pytest.raises(InvalidInputError, match=f"label {label:g} is not of brats-gli-2017"):
        BUILT_IN["brats-gli-2017"].split(np.array([0, label]))


def test_of_a_two_valued_mask_every_value_but_zero_is_tumour() -> None:
    assert BUILT_IN["tumour"].split(np.array([0, 1, 255, 7]))[WT].tolist() == [0, 1, 1, 1]


def test_a_two_valued_mask_holds_nothing_below_zero() -> None:
    with pytest.raises(InvalidInputError, match="label -1 is not of tumour"):
        BUILT_IN["tumour"].split(np.array([0, -1]))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": " "}, "wanted a name"),
        ({"name": "a\nb"}, "wanted a name"),
        ({"name": "a" * 101}, "wanted a name"),
        ({"tissues": {0: "air", 1: "oedema", 5: "tumour"}}, "integer 0: wanted 1 to 255"),
        ({"tissues": {1: "oedema", 5: "tumour", 256: "x"}}, "integer 256: wanted 1 to 255"),
        ({"regions": {WT: frozenset({1, 5, 7})}}, "WT holds 7, which is not a tissue"),
        ({"regions": {WT: frozenset({1, 5}), ET: frozenset()}}, "ET holds no tissue"),
        ({"regions": {WT: frozenset({1}), TC: frozenset({5})}}, "TC holds 5, which WT does not"),
        ({"regions": {TC: frozenset({1, 5})}}, "wanted a region WT, or GTV"),
        ({"regions": {}}, "wanted a region WT, or GTV"),
        ({"regions": {WT: frozenset({1})}}, r"5 \(tumour\) lies in no region"),
    ],
)
def test_a_convention_that_contradicts_itself_cannot_be_made(
    changes: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        own(**changes)


def test_a_localisation_is_scored_against_the_whole_tumour_or_the_gross_tumour_volume() -> None:
    assert {one.localised for one in BUILT_IN.values()} == {WT, GTV}
    assert BUILT_IN["brats-men-rt-2024"].localised is GTV


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("brats-gli-2017", "brats-gli-2017"),
        ("BraTS_GLI_2019", "brats-gli-2017"),
        ("brats-2020", "brats-gli-2017"),
        ("brats-2023", "brats-gli-2023"),
        ("brats-2015", "brats-gli-2012"),
        ("brats-gli-2026", "brats-gli-2024"),
        ("brats-ped-2023", "brats-ped-2023"),
        ("brats-ped-2025", "brats-ped-2024"),
        ("brats-met-2024", "brats-met-2023"),
        ("brats-men-2026", "brats-men-2023"),
        ("brats-men-rt-2025", "brats-men-rt-2024"),
        ("nnunet-brats", "nnunet-brats"),
    ],
)
def test_a_convention_is_found_by_its_name_or_by_task_and_year(name: str, key: str) -> None:
    assert built_in(name).name == key


@pytest.mark.parametrize(
    "name", ["", "brats", "brats-2022", "brats-2011", "brats-gli-2032", "brats-abc-2024", "4"]
)
def test_an_unknown_convention_is_refused_with_all_known_ones(name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"wanted one of brats-gli-2012, .*, tumour, or"):
        built_in(name)
