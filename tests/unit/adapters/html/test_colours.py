"""Texts and marks stand out from what lies behind them, in light, in dark and in print."""

from __future__ import annotations

import re

import pytest

from gliobench.adapters.html.page import text

LEAST = 4.5
"""Contrast of small texts by WCAG 2.2, criterion 1.4.3; marks need 3."""


def schemes() -> dict[str, dict[str, str]]:
    roots = re.findall(r":root \{(.*?)\}", text("colours.css"), flags=re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w{6});", root)) for root in roots]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
