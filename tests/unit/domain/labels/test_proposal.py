import pytest

from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import (
    Proposal,
    UndeclaredLabelsError,
    convention_of_predictions,
    propose,
)

ADULT, ADULT_2017, PLAIN = {1, 2, 3}, {1, 2, 4}, {1, 2}
NEUTRAL = ["patient 1", "patient 2"]
PED = ["BraTS-PED-00001-000", "BraTS-PED-00002-000"]


def of(names: list[str], *masks: set[int]) -> Proposal:
    held = [*masks, *[masks[-1]] * (len(names) - len(masks))]
    found = propose({one: frozenset(mask) for one, mask in zip(names, held, strict=True)})
    assert found is not None
    return found


def candidates(proposal: Proposal) -> list[str]:
    return [one.name for one in proposal.candidates]


@pytest.mark.parametrize(
    ("name", "mask", "key"),
    [
        ("BraTS20_Training_001", ADULT_2017, "brats-gli-2017"),
        ("BraTS2021_00000", ADULT_2017, "brats-gli-2017"),
        ("Brats17_2013_10_1", {1, 2}, "brats-gli-2017"),
        ("Brats18_CBICA_AAB_1", {2}, "brats-gli-2017"),
        ("brats_2013_pat0001_1", {1, 2, 3, 4}, "brats-gli-2012"),
        ("UCSF-PDGM-0931", ADULT_2017, "brats-gli-2017"),
        ("Phantom_0003", ADULT_2017, "brats-gli-2017"),
        ("BraTS-GLI-00000-000", ADULT, "brats-gli-2023"),
        ("BraTS-GLI-00905-101", {2, 4}, "brats-gli-2024"),
        ("BraTS-GLI-00905-101", ADULT, "brats-gli-2024"),
        ("BraTS-GLI-00905-000", {1, 2, 3, 4}, "brats-gli-2024"),
        ("BraTS-MET-00110-000", ADULT, "brats-met-2023"),
        ("BraTS-MET-00110-000", {2, 4}, "brats-met-2025"),
        ("BraTS-SSA-00002-000", ADULT, "brats-ssa-2023"),
        ("BraTS-MEN-00002-000", ADULT, "brats-men-2023"),
        ("BraTS-MEN-RT-0002-1", {1}, "brats-men-rt-2024"),
        ("BraTS-GoAT-00002", ADULT, "brats-goat-2024"),
        ("BraTS-PED-00903-000", ADULT_2017, "brats-ped-2024"),
        ("BraTS-PED-00903-000", set(), "brats-ped-2023"),
        ("BraTS20_Training_001", {1}, "tumour"),
        ("patient 7", {255}, "tumour"),
        ("patient 7", set(), "tumour"),
    ],
)
def test_names_and_masks_together_settle_a_convention(name: str, mask: set[int], key: str) -> None:
    labels = of([name], mask).labels()

    assert labels.convention.name == key
    assert "masks hold" in labels.ground


def test_all_masks_count_not_just_the_first() -> None:
    proposal = of(PED, ADULT, {1, 4})

    assert proposal.labels().convention.name == "brats-ped-2024"


@pytest.mark.parametrize("mask", [{1, 2, 3}, {1, 2}, {1}, {3}])
def test_a_paediatric_dataset_without_label_4_may_be_of_2023_or_2024(mask: set[int]) -> None:
    assert candidates(of(PED, mask)) == ["brats-ped-2023", "brats-ped-2024"]
    assert of(PED, mask).settled is None


@pytest.mark.parametrize(
    ("mask", "possible"),
    [
        (ADULT_2017, {"brats-gli-2012", "brats-gli-2017", "brats-gli-2024", "brats-ped-2024"}),
        (ADULT, {"brats-gli-2012", "brats-gli-2023", "brats-ped-2024", "nnunet-brats"}),
        ({1, 2, 3, 4}, {"brats-gli-2012", "brats-gli-2024", "brats-ped-2024"}),
        ({1}, {"brats-gli-2017", "brats-men-rt-2024", "nnunet-brats", "tumour"}),
        ({4}, {"brats-gli-2017", "brats-gli-2024", "tumour"}),
    ],
)
def test_nameless_masks_stop_with_every_candidate(mask: set[int], possible: set[str]) -> None:
    proposal = of(NEUTRAL, mask)

    with pytest.raises(UndeclaredLabelsError, match="set labels to one of") as caught:
        proposal.labels()

    assert possible <= set(candidates(proposal))
    assert all(name in str(caught.value) for name in possible)
    assert "\n" not in str(caught.value)


def test_names_of_another_kind_take_the_names_evidence_away_unless_they_are_few() -> None:
    known = ["BraTS20_Training_001", "BraTS20_Training_002"]

    half = of([*known, "patient 3", "patient 4"], ADULT_2017)
    few = of([*known, "patient 3"], ADULT_2017)

    assert half.settled is None
    assert few.settled is BUILT_IN["brats-gli-2017"]


def test_names_of_two_tasks_that_share_no_convention_stop() -> None:
    proposal = of(["BraTS20_Training_001", "BraTS-SSA-00002-000"], {1, 2})

    assert proposal.settled is None
    assert "BraTS-SSA-…" in proposal.question


def test_visits_before_and_after_treatment_have_the_convention_of_both() -> None:
    proposal = of(["BraTS-GLI-00001-000", "BraTS-GLI-00002-101"], ADULT, {2, 4})

    assert proposal.labels().convention.name == "brats-gli-2024"


def test_label_4_without_3_before_surgery_may_be_old_labels_under_new_names() -> None:
    proposal = of(["BraTS-GLI-00001-000", "BraTS-GLI-00002-000"], ADULT_2017)

    assert candidates(proposal) == ["brats-gli-2017", "brats-gli-2024"]
    assert proposal.settled is None


def test_a_mask_that_contradicts_the_names_stops() -> None:
    proposal = of(["BraTS20_Training_001", "BraTS20_Training_002"], ADULT_2017, ADULT)

    with pytest.raises(UndeclaredLabelsError, match="BraTS2021_, but masks hold labels 1, 2, 3, 4"):
        proposal.labels()


def test_a_mask_that_no_convention_fits_says_nothing_of_the_others() -> None:
    proposal = of(["BraTS20_Training_001", "BraTS20_Training_002"], ADULT_2017, {1, 2, 9})

    assert proposal.labels().convention.name == "brats-gli-2017"


@pytest.mark.parametrize("mask", [{7}, {255}])
def test_a_strange_mask_under_a_known_name_is_at_fault_itself(mask: set[int]) -> None:
    assert of(["BraTS20_Training_001"], mask).labels().convention.name == "brats-gli-2017"


def test_where_no_convention_has_the_labels_a_declaration_is_asked_for() -> None:
    with pytest.raises(
        UndeclaredLabelsError, match="hold labels 10, 20: declare a convention of your"
    ):
        of(NEUTRAL, {10, 20}).labels()


def test_without_masks_there_is_nothing_to_propose() -> None:
    assert propose({}) is None


@pytest.mark.parametrize(
    ("dataset", "held"),
    [
        ("brats-gli-2017", {1, 2, 4}),
        ("tumour", {1}),
        ("brats-men-rt-2024", {1}),
        ("brats-gli-2017", set()),
        ("nnunet-brats", set()),
    ],
)
def test_predicted_masks_are_labelled_as_the_dataset_if_nothing_else_is_likely(
    dataset: str, held: set[int]
) -> None:
    found = {"a": frozenset(held), "b": frozenset(held) - {1}}

    assert convention_of_predictions(found, BUILT_IN[dataset]) is BUILT_IN[dataset]


@pytest.mark.parametrize(
    ("dataset", "held", "said"),
    [
        ("brats-gli-2023", {1, 2, 3}, "brats-gli-2023 or nnunet-brats"),
        ("nnunet-brats", {1, 2, 3}, "nnunet-brats or brats-gli-2023"),
        ("brats-gli-2017", {1, 2, 3}, "and the dataset's are brats-gli-2017"),
        ("brats-gli-2017", {1, 2}, "hold labels 1, 2, and the dataset's"),
        ("brats-gli-2017", {1}, "which may be"),
        ("brats-gli-2024", {1, 2, 3, 4}, "brats-ped-2024"),
        ("brats-gli-2017", {1, 2, 4, 5}, "hold labels 1, 2, 4, 5"),
        (None, {1, 2, 4}, "the dataset has none"),
    ],
)
def test_predicted_masks_that_may_mean_something_else_are_asked_about(
    dataset: str | None, held: set[int], said: str
) -> None:
    with pytest.raises(UndeclaredLabelsError, match=said):
        convention_of_predictions({"a": frozenset(held)}, BUILT_IN[dataset] if dataset else None)
