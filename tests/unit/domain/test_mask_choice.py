"""Which segmentation is the experts' mask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gliobench.domain.studies.mask_choice import StudyMask, choose_mask

DRAWN = StudyMask("series-1", "Edema, Enhancing")
OTHER = StudyMask("series-2", "Tumor")
PREDICTED = StudyMask("series-3", "WT", algorithm="cnn-onnx")
OF_BRAIN = StudyMask("series-4", "Brain", is_of_tumour=False)


def test_the_only_mask_that_people_drew_is_the_reference() -> None:
    choice = choose_mask([PREDICTED, DRAWN, OF_BRAIN])

    assert choice.chosen == (DRAWN,)
    assert choice.reasons == (
        "made by an algorithm, cnn-onnx",
        "drawn by people, at least in part",
        "no segment is of a tumour",
    )


def test_a_prediction_in_the_archive_is_no_reference_unless_it_is_declared() -> None:
    assert choose_mask([PREDICTED]).chosen == ()
    assert choose_mask([PREDICTED], declared=["series-3"]).chosen == (PREDICTED,)


def test_two_masks_are_asked_about_until_one_is_declared_or_excluded() -> None:
    asked = choose_mask([DRAWN, OTHER])

    assert asked.chosen == ()
    assert asked.question == "the reference mask may be series-1 or series-2"
    assert choose_mask([DRAWN, OTHER], declared=["series-2"]).chosen == (OTHER,)
    assert choose_mask([DRAWN, OTHER], excluded=["series-2"]).chosen == (DRAWN,)


def test_a_flawed_mask_is_chosen_so_that_its_flaw_is_reported() -> None:
    flawed = StudyMask("series-5", "Tumor, Ventricles", flaw="segment 2 is unknown")

    choice = choose_mask([flawed])

    assert choice.chosen == (flawed,)
    assert choice.reasons[0].endswith("; segment 2 is unknown")


FIRST = StudyMask("series-6", "Lesion 1", frame="frame-1", lesions=frozenset({"lesion 1"}))
SECOND = StudyMask(
    "series-7", "Lesion 2", frame="frame-1", lesions=frozenset({"lesion 2"}), flaw="the first is 2"
)


def test_lesions_that_are_numbered_on_are_taken_together() -> None:
    choice = choose_mask([FIRST, PREDICTED, SECOND])

    assert choice.chosen == (FIRST, SECOND)
    assert not choice.question
    assert choice.reasons[2].endswith("; taken together with the other lesions")


@pytest.mark.parametrize(
    "other",
    [
        replace(SECOND, frame="frame-2"),
        replace(SECOND, lesions=frozenset({"lesion 1"})),
        replace(SECOND, lesions=frozenset()),
        replace(SECOND, tracked=frozenset({"tracked-1"})),
    ],
    ids=["in another position", "of the same number", "without a number", "of what is tracked"],
)
def test_masks_that_may_be_of_one_lesion_are_asked_about(other: StudyMask) -> None:
    first = replace(FIRST, tracked=frozenset({"tracked-1"}))

    choice = choose_mask([first, other])

    assert choice.question == "the reference mask may be series-6 or series-7"


def test_masks_without_a_frame_of_reference_are_asked_about() -> None:
    assert choose_mask([replace(FIRST, frame=""), replace(SECOND, frame="")]).question
