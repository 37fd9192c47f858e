"""What no raw image of a head shows is described."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.head import BRAIN_MM, brain, with_skull
from gliobench.domain.studies.raw_images import air_of, blank_plane, odd_plane, shown_share

HEAD = with_skull(brain(), scalp=700, skull=60)
BRAIN = brain() != 0


def test_the_corners_of_an_image_are_air() -> None:
    assert air_of(HEAD - 1024) == -1024


def test_a_head_is_even_and_shows_its_brain() -> None:
    assert odd_plane(HEAD) is None
    assert blank_plane(HEAD, BRAIN) is None
    assert shown_share(HEAD, BRAIN) == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plane_brighter_than_others_is_named_whatever_its_axis(axis: int) -> None:
    spoilt = np.moveaxis(HEAD.copy(), axis, 0)
    spoilt[20] *= 5

    said = odd_plane(np.moveaxis(spoilt, 0, axis))

    assert said is not None
    assert f"plane 20 along {'ijk'[axis]} is" in said


def test_a_bright_voxel_makes_its_plane_odd() -> None:
    spoilt = HEAD.copy()
    spoilt[26, 30, 22] = 1e7

    assert "plane 26 along i" in (odd_plane(spoilt) or "")


def test_an_image_of_one_value_has_no_odd_plane() -> None:
    assert odd_plane(np.full_like(HEAD, 7)) is None


def test_a_brain_darker_than_air_is_not_shown() -> None:
    assert shown_share(-HEAD, BRAIN) == 0


def test_half_of_noise_is_brighter_than_air() -> None:
    noise = np.random.default_rng(0).normal(0, 9, HEAD.shape).astype(np.float32)

    assert shown_share(noise, BRAIN) == pytest.approx(0.5, abs=0.05)


def test_no_brain_is_not_shown() -> None:
    assert shown_share(HEAD, np.zeros_like(BRAIN)) == 0


def test_a_blank_plane_within_the_brain_is_named() -> None:
    spoilt = HEAD.copy()
    spoilt[:, 25] = 0

    assert blank_plane(spoilt, BRAIN) == "plane 25 along j shows nothing of the brain"


def test_an_image_that_ends_within_the_brain_has_no_blank_plane() -> None:
    ended = HEAD * (np.arange(HEAD.shape[2]) < 28)

    assert BRAIN_MM[2] > 4 * (28 - HEAD.shape[2] / 2)
    assert blank_plane(ended, BRAIN) is None
