"""The colour of each backend, the same in every table and figure of a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

COLOURS = 7
"""Classes `.arm-0` to `.arm-6` of colours.css; more models than these share them."""


def arm_colours(names: Sequence[str], baselines: Collection[str]) -> dict[str, int]:
    """Number the colours of backends: models first, so that baselines take none from them."""
    in_order = sorted(names, key=lambda name: name in baselines)
    return {name: place % COLOURS for place, name in enumerate(in_order)}
