"""Which segmentation is the experts' mask."""

from __future__ import annotations

from gliobench.domain.studies.mask_choice import StudyMask, choose_mask

DRAWN = StudyMask("series-1", "Edema, Enhancing")
OTHER = StudyMask("series-2", "Tumor")
PREDICTED = StudyMask("series-3", "WT", algorithm="cnn-onnx")
OF_BRAIN = StudyMask("series-4", "Brain", is_of_tumour=False)


def test_the_only_mask_that_people_drew_is_the_reference() -> None:
    choice = choose_mask([PREDICTED, DRAWN, OF_BRAIN])

    assert choice.chosen is DRAWN
    assert choice.reasons == (
        "made by an algorithm, cnn-onnx",
        "drawn by people, at least in part",
        "no segment is of a tumour",
    )


def test_a_prediction_in_the_archive_is_no_reference_unless_it_is_declared() -> None:
    assert choose_mask([PREDICTED]).chosen is None
    assert choose_mask([PREDICTED], declared=["series-3"]).chosen is PREDICTED


def test_two_masks_are_asked_about_until_one_is_declared_or_excluded() -> None:
    asked = choose_mask([DRAWN, OTHER])

    assert asked.chosen is None
    assert asked.question == "the reference mask may be series-1 or series-2"
    assert choose_mask([DRAWN, OTHER], declared=["series-2"]).chosen is OTHER
    assert choose_mask([DRAWN, OTHER], excluded=["series-2"]).chosen is DRAWN


def test_a_flawed_mask_is_chosen_so_that_its_flaw_is_reported() -> None:
    flawed = StudyMask("series-5", "Tumor, Ventricles", flaw="segment 2 is unknown")

    choice = choose_mask([flawed])

    assert choice.chosen is flawed
    assert choice.reasons[0].endswith("; segment 2 is unknown")
