"""The numbers that others have published, to stand beside ours under their own name."""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "Liu, Yoo & Khalvati 2025, arXiv 2509.10683"
"""BraTS 2020; neither its split nor its training is public, so its models are not ours."""


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
"""Of models that are none of ours: each stands by itself, never in the row of a backend."""
