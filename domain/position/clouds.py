"""Scatter of positions over the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import FloatArray

BIN_MM = 10.0
"""Edge of the squares that places are counted in; one of them is centred on the image's middle."""
FIELD_BINS = 25
"""Squares along each axis, 250 mm; what lies beyond counts to the outermost."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """How places are scattered, in millimetres from the middle of the image.

    Args:
        mean_mm: Their mean.
        spread_mm: Their root-mean-square distance from that mean.
        from_middle_mm: Their mean distance from the middle of the image.
        entropy: See `entropy`.
    """

    mean_mm: tuple[float, float]
    spread_mm: float
    from_middle_mm: float
    entropy: float

    @classmethod
    def of(cls, places_mm: FloatArray) -> Cloud:
        """Describe places, (N, 2) mm from the middle of the image, N ≥ 1."""
        x, y = places_mm.mean(axis=0)
        return cls(
            mean_mm=(float(x), float(y)),
            spread_mm=float(np.sqrt(places_mm.var(axis=0).sum())),
            from_middle_mm=float(np.linalg.norm(places_mm, axis=1).mean()),
            entropy=entropy(places_mm),
        )


def entropy(places_mm: FloatArray) -> float:
    """Measure how evenly places are spread over squares of `BIN_MM`.

    Args:
        places_mm: (N, 2) from the middle of the image, N ≥ 1.

    Returns:
        In [0, 1]: Shannon's entropy over the most that N places can have, so that two clouds of as
        many places compare. 0.0 where all are in one square, or N is 1.
    """
    most = min(len(places_mm), FIELD_BINS**2)
    if most < 2:
        return 0.0
    edge = FIELD_BINS // 2
    squares = np.clip(np.floor(places_mm / BIN_MM + 0.5), -edge, edge)
    _, counts = np.unique(squares, axis=0, return_counts=True)
    shares = counts / counts.sum()
    return float(abs((shares * np.log(shares)).sum()) / np.log(most))
