"""What segments mean by their labels and codes."""

from __future__ import annotations

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.labels.segments import (
    PRIMARY_TUMOUR,
    TUMOUR,
    Meaning,
    Segment,
    common_convention,
    convention_of_segments,
)

ENHANCING, NECROSIS, OEDEMA = (
    Meaning.only(region) for region in (Region.ET, Region.NETC, Region.ED)
)


def segments(*given: str | tuple[str, Meaning]) -> list[Segment]:
    pairs = [(item, None) if isinstance(item, str) else item for item in given]
    return [Segment(number, label, label, code) for number, (label, code) in enumerate(pairs, 1)]


def regions(*given: str | tuple[str, Meaning]) -> dict[str, set[int]]:
    found = convention_of_segments(segments(*given))
    assert found is not None
    return {region.value: set(numbers) for region, numbers in found.regions.items()}


OURS = (
    ("WT: whole tumour, oedema included", TUMOUR),
    ("TC: tumour core", PRIMARY_TUMOUR),
    ("ET: enhancing tumour", ENHANCING),
)


def test_segments_that_gliobench_writes_are_its_regions() -> None:
    assert regions(*OURS) == {"WT": {1, 2, 3}, "TC": {2, 3}, "ET": {3}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("Edema", "Necrosis", "Enhancing Tumor"), {"WT": {1, 2, 3}, "TC": {2, 3}, "ET": {3}}),
        (("ED", "NCR", "ET"), {"WT": {1, 2, 3}, "TC": {2, 3}, "ET": {3}}),
        (
            (("Segment 1", OEDEMA), ("Segment 2", NECROSIS), ("Segment 3", ENHANCING)),
            {"WT": {1, 2, 3}, "TC": {2, 3}, "ET": {3}},
        ),
        ((("Segment 1", TUMOUR),), {"WT": {1}}),
        (("Tumor",), {"WT": {1}}),
        (("GTV",), {"GTV": {1}}),
        (("whole tumor", "enhancing tumor"), {"WT": {1, 2}, "ET": {2}}),
        (
            ("whole tumor", "enhancing tumor", "necrosis"),
            {"WT": {1, 2, 3}, "TC": {2, 3}, "ET": {2}},
        ),
    ],
)
def test_segments_of_others_are_regions_by_label_or_code(given, expected) -> None:
    assert regions(*given) == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            ("Edema", "Enhancing", "Ventricles"),
            "segment 3 .'Ventricles'. is no known part of a tumour",
        ),
        (("Tumor", ("Segment 2", PRIMARY_TUMOUR)), "segment 2 .* no known part"),
        ((("Edema", NECROSIS), "Enhancing"), "segment 1 .'Edema'. has the code of another tissue"),
        (("Edema", "Enhancing", "Oedema"), "segment 1 .* and segment 3 .* mean the same"),
        (("Enhancing tumor",), "make no whole tumour"),
        (("Edema",), "make no whole tumour"),
        (("tumor core", "enhancing tumor"), "make no whole tumour"),
    ],
)
def test_what_is_unknown_or_contradicts_itself_is_refused(given, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        convention_of_segments(segments(*given))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("Lesion 1", "Lesion 2"), {"WT": {1, 2}}),
        (("Tumor_1",), {"WT": {1}}),
        (("lesion#0", "Lesion 3"), {"WT": {1, 2}}),
        ((("Segment 2", TUMOUR), ("Segment 7", TUMOUR)), {"WT": {1, 2}}),
        ((("1", TUMOUR), ("2", TUMOUR), ("3", TUMOUR)), {"WT": {1, 2, 3}}),
        (
            ("Enhancing 1", "Edema", "Enhancing 2"),
            {"WT": {1, 2, 3}, "TC": {1, 3}, "ET": {1, 3}},
        ),
        (("GTV1", "GTV2"), {"GTV": {1, 2}}),
    ],
)
def test_lesions_that_are_numbered_are_taken_together(given, expected) -> None:
    assert regions(*given) == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("Lesion 2",), "one of several, and the first here is 2"),
        (("Lesion 1", "Lesion 1"), "mean the same"),
        (("Lesion 1", "Tumor 2"), "mean the same"),
        (("Lesion", "Lesion 2"), "mean the same"),
        ((("left", TUMOUR), ("right", TUMOUR)), "mean the same"),
        (("Lesion 1", "Ventricle 2"), "no known part of a tumour"),
        (("Lesion 1", ("Lesion 2", OEDEMA)), "code of another tissue"),
    ],
)
def test_no_lesion_is_taken_for_all_of_them(given, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        convention_of_segments(segments(*given))


@pytest.mark.parametrize("given", [(), ("Brain",), ("Left ventricle", "Segment 2")])
def test_a_segmentation_of_something_else_has_no_convention(given) -> None:
    assert convention_of_segments(segments(*given)) is None


def test_segmentations_that_number_segments_differently_have_the_regions_of_all() -> None:
    whole, parts = (
        convention_of_segments(segments(*given))
        for given in (("Tumor",), ("Necrosis", "Edema", "Enhancing", "Cyst"))
    )
    assert whole is not None
    assert parts is not None

    both = common_convention([whole, parts])

    assert both.regions.keys() == whole.regions.keys() | parts.regions.keys()
    assert common_convention([parts, parts]) == parts
    assert common_convention([]).regions.keys() == {Region.WT}
