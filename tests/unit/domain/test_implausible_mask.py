import numpy as np
import pytest

from gliobench.domain.studies.implausible_mask import off_brain, why_implausible

BLOB = np.zeros((20, 20, 1), dtype=bool)
BLOB[5:10, 5:10] = True


def test_a_tumour_inside_the_image_is_plausible() -> None:
    assert why_implausible(BLOB) == ""
    assert why_implausible(np.zeros_like(BLOB)) == ""


def test_an_inverted_mask_is_not() -> None:
    assert why_implausible(~BLOB) == "the mask covers 94% of the image: is it inverted?"
    assert why_implausible(np.ones((3, 3, 3), dtype=bool))


def test_a_frame_is_not() -> None:
    frame = np.ones((20, 20, 1), dtype=bool)
    frame[1:-1, 1:-1] = BLOB[1:-1, 1:-1]

    assert why_implausible(frame) == "the mask covers 100% of the image's border: is it inverted?"


@pytest.mark.parametrize("shape", [(1, 1, 1), (20, 1, 1)])
def test_a_tumour_that_reaches_the_border_is_plausible(shape: tuple[int, int, int]) -> None:
    mask = np.zeros((20, 20, 5), dtype=bool)
    mask[0:8, 0:8, 0:2] = True

    assert why_implausible(mask) == ""
    assert why_implausible(np.zeros(shape, dtype=bool)) == ""


def test_a_mask_of_which_much_lies_outside_of_the_brain_is_noted() -> None:
    image = np.zeros(BLOB.shape, dtype=np.float32)
    image[6:, :] = 100

    fault = off_brain("s", BLOB, image)

    assert fault is not None
    assert fault.kind.is_note
    assert fault.detail.startswith("20% of the mask lies outside of the brain")


@pytest.mark.parametrize("mask", [BLOB, np.zeros_like(BLOB)])
def test_a_mask_within_the_brain_or_without_a_tumour_is_not_noted(mask: np.ndarray) -> None:
    image = np.full(BLOB.shape, 100, dtype=np.float32)
    image[:5] = image[5, 5] = 0

    assert off_brain("s", mask, image) is None
