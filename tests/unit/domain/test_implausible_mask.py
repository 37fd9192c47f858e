import numpy as np
import pytest

from gliobench.domain.studies.implausible_mask import why_implausible

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
