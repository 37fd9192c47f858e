"""Texts and marks stand out from what lies behind them, in light, in dark and in print."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from gliobench.adapters.html.templating import text

LEAST = 4.5
"""Contrast of small texts by WCAG 2.2, criterion 1.4.3; marks need 3."""
LEAST_OF_MARKS = 3
ARMS = 7
LEAST_APART = 15
"""Of two arms, in CIELAB; 2.3 is just noticeable."""
VISIONS = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""Linear RGB as dichromats see it: Machado et al., IEEE TVCG 2009, severity 1."""


def schemes() -> dict[str, dict[str, str]]:
    roots = re.findall(r":root \{(.*?)\}", text("colours.css"), flags=re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w{6});", root)) for root in roots]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def cielab(rgb: np.ndarray) -> np.ndarray:
    """Convert linear RGB by IEC 61966-2-1 and CIE 15, white D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(over: str, under: str, share: float) -> str:
    """Lay a colour thinly over another."""
    pairs = [(int(over[at : at + 2], 16), int(under[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)


def test_black_on_white_has_the_largest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_texts_and_marks_stand_out(scheme: str) -> None:
    colours = schemes()[scheme]

    for under in ("paper", "wash"):
        for over in ("ink", "quiet", "accent", "warn"):
            assert contrast(colours[over], colours[under]) >= LEAST, (over, under)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_the_counts_of_a_confusion_matrix_stand_out_from_its_fullest_cell(scheme: str) -> None:
    colours = schemes()[scheme]

    for ink in ("accent", "warn"):
        cell = mixed(colours[ink], colours["paper"], 0.35)
        assert contrast(colours["ink"], cell) >= LEAST, ink


@pytest.mark.parametrize(
    ("arms", "grounds"),
    [
        ("arm", [("light", "paper"), ("light", "wash")]),
        ("bright", [("dark", "paper"), ("dark", "wash")]),
    ],
)
def test_arms_stand_out_and_differ_for_every_kind_of_colour_vision(
    arms: str, grounds: list[tuple[str, str]]
) -> None:
    found = schemes()
    palette = [found["light"][f"{arms}-{n}"] for n in range(ARMS)]

    for colour in palette:
        for scheme, ground in grounds:
            assert contrast(colour, found[scheme][ground]) >= LEAST_OF_MARKS, (colour, ground)
    for name, seen in VISIONS.items():
        places = [cielab(seen @ linear(colour)) for colour in palette]
        apart = min(np.linalg.norm(one - other) for one, other in combinations(places, 2))
        assert apart >= LEAST_APART, name


def test_the_distance_of_black_and_white_is_the_lightness_between_them() -> None:
    black, white = (cielab(np.array(linear(colour))) for colour in ("#000000", "#ffffff"))

    assert np.linalg.norm(white - black) == pytest.approx(100, abs=0.1)
