"""Published results, shown beside the runs."""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "Liu, Yoo & Khalvati 2025, arXiv 2509.10683"
"""BraTS 2020; neither its split nor its training is public, so its models cannot be reproduced."""


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the paper's table.

    Args:
        model: What the paper ran.
        accuracy: In [0, 1].
        specificity: Share of LGG found; None where the paper does not give it.
    """

    model: str
    accuracy: float
    specificity: float | None


PUBLISHED = (
    Published("3D CNN", 0.80, None),
    Published("LLaMA 3.2 Vision, base", 0.76, 0.18),
    Published("LLaMA 3.2 Vision, fine-tuned", 0.72, 0.55),
)
"""Models of the paper: each has its own row, never that of a backend."""
