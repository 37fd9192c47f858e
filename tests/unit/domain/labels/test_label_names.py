"""What a dataset's own names of labels mean."""

from collections.abc import Mapping

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.label_names import (
    convention_of_names,
    integers_by_name,
    meaning_of,
    names_a_tumour,
    stated_labels,
)
from gliobench.domain.labels.proposal import UndeclaredLabelsError
from gliobench.domain.labels.regions import Region


def _convention(table: Mapping[str, object]) -> LabelConvention | None:
    return convention_of_names(integers_by_name(table, place="dataset.json"), place="dataset.json")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (
            {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
            "nnunet-brats",
        ),
        ({"background": 0, "edema": 1, "NCR": 2, "ET": 3, "ignore": 4}, "nnunet-brats"),
        (
            {"whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]},
            "nnunet-brats",
        ),
        ({"background": 0, "WT": [1, 2, 3], "TC": [1, 3], "ET": 3}, "brats-gli-2023"),
        ({"NCR/NET": 1, "peritumoral edema": 2, "GD-enhancing tumor": 4}, "brats-gli-2017"),
        ({"1": "Necrosis", "2": "Oedema", "4": "Enhancing"}, "brats-gli-2017"),
        ({"background": 0, "tumor": 1}, "tumour"),
    ],
)
def test_labels_that_mean_what_a_known_convention_does_are_its(
    table: Mapping[str, object], name: str
) -> None:
    convention = _convention(table)

    assert convention is not None
    assert convention.name == name


def test_other_labels_are_a_convention_of_the_dataset() -> None:
    convention = _convention({"NETC": 1, "SNFH": 2, "ET": 3, "resection cavity": 4})

    assert convention is not None
    assert convention.name == "dataset.json"
    assert convention.tissues[4] == "resection cavity"
    assert convention.regions == {
        Region.WT: {1, 2, 3},
        Region.TC: {1, 3},
        Region.ET: {3},
        Region.RC: {4},
    }


@pytest.mark.parametrize(
    "name",
    [
        *("tumor without edema", "edema excluded", "not ET", "non-ET", "enhancing tumor and edema"),
        *("vessel enhancement", "dural enhancement", "radiation necrosis"),
    ],
)
def test_a_name_that_leaves_something_out_or_is_of_no_tumour_means_nothing(name: str) -> None:
    assert meaning_of(name) is None


@pytest.mark.parametrize("name", ["tumor and edema", "Tumour + oedema", "edema & tumor core"])
def test_tumour_and_oedema_together_are_the_whole(name: str) -> None:
    convention = _convention({name: [1, 2, 3], "core": [2, 3], "enhancing": [3]})

    assert meaning_of(name) is Region.WT
    assert convention is not None
    assert convention.name == "nnunet-brats"


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("non-contrast-enhancing tumor", Region.TC),
        ("unenhanced tumor", Region.TC),
        ("enhancing and non-enhancing tumor", Region.TC),
        ("necrotic core", Region.TC),
        ("necrotic cavity", Region.TC),
        ("surrounding non-enhancing FLAIR hyperintensity", Region.WT),
        ("peritumoral edematous/invaded tissue", Region.WT),
        ("enhancing tumor core", Region.ET),
    ],
)
def test_a_tissue_lies_in_the_narrowest_region_that_its_name_allows(
    name: str, region: Region
) -> None:
    convention = _convention({name: 7, "tumor": 1})

    assert convention is not None
    narrowest = [
        item for item in (Region.WT, Region.TC, Region.ET) if 7 in convention.regions.get(item, ())
    ]
    assert narrowest[-1] is region


@pytest.mark.parametrize(
    "table",
    [
        {"label1": 1, "label2": 2},
        {"edema": 1, "thing": 2},
        {"edema and necrosis": 1, "tumor": 2},
        {"1": "grey matter", "2": "white matter", "3": "CSF"},
        {"background": 0},
        {},
    ],
)
def test_names_of_no_tumour_mean_nothing_and_labels_must_be_declared(
    table: Mapping[str, object],
) -> None:
    assert _convention(table) is None
    with pytest.raises(UndeclaredLabelsError, match=r"x/dataset\.json .*labels"):
        stated_labels(table, place="x/dataset.json", name="dataset.json")


@pytest.mark.parametrize(
    "table",
    [
        {"edema": 1, "necrosis": 1},
        {"edema": 1, "ET": "x"},
        {"edema": 1, "ET": 1.5},
        {"edema": 1, "ET": True},
        {"edema": 1, "ET": -1},
        {"edema": 1, "ET": 10**5000},
        {"edema": [[1]]},
        {"1": "edema", "2": "edema"},
        {"WT": [1, 2], "whole tumor": [1, 2, 3]},
        {"WT": [1, 2], "ET": [3]},
        {"ET": 1, "RC": [2, 3]},
        {f"edema {n}": n for n in range(300)},
    ],
)
def test_a_table_that_contradicts_itself_is_refused(table: Mapping[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"dataset\.json"):
        _convention(table)
    with pytest.raises(UndeclaredLabelsError, match="setting labels"):
        stated_labels(table, place="dataset.json", name="dataset.json")


def test_a_table_of_tissues_names_no_tumour() -> None:
    assert names_a_tumour({"0": "background", "1": "edema"})
    assert names_a_tumour({"edema": 1, "thing": 2, "ET": 3})
    assert not names_a_tumour({"1": "GM", "2": "WM", "3": "CSF"})
    assert not names_a_tumour({"10": "Left-Thalamus", "25": "Left-Lesion", "255": "CC_Anterior"})
    assert not names_a_tumour({})
