"""Whether a stripped brain lies as its header says: forehead in front, vertex up, sides left and right.

A header that is wrong moves every place to another side or lobe. The shape of the brain shows which way it
lies: it is symmetric from left to right, narrower in front, and what lies low, the cerebellum, lies behind.
Left and right themselves look alike. `docs/results/posture.py` measures the rules on real studies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from gliobench.domain.geometry.grids import Axis, BoolArray, Grid, Spacing, extent
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.plausibility import shows_skull
from gliobench.domain.studies.sampled_study import SampledStudy

CLEARLY_SYMMETRIC = 0.05
"""How much more symmetric a brain is along another axis, in Dice, where its axes are exchanged."""
CLEARLY_TURNED = 0.07
"""Skewness or correlation, below zero, from which on a brain lies the other way round."""

LENGTH, HEIGHT = (0.85, 1.7), (0.6, 1.5)
"""Of a brain relative to its width; `docs/results/posture.py` prints those of real studies."""


@dataclass(frozen=True, slots=True)
class Posture:
    """How a brain lies; all but its size is positive where the header is right, and negative where not.

    Args:
        size_mm: From left to right, back to front and bottom to top.
        symmetry: Dice with its mirror image from left to right, minus the best along another axis.
        narrow_front: Skewness from back to front.
        low_behind: Correlation of height and frontness.
        front_over_top: Skewness from back to front, minus that from bottom to top.
    """

    size_mm: Spacing
    symmetry: float
    narrow_front: float
    low_behind: float
    front_over_top: float

    @classmethod
    def of(cls, brain: BoolArray, grid: Grid) -> Posture:
        """Measure a brain.

        Args:
            brain: (I, J, K) bool, RAS+, a sample of the grid; some voxels along each axis.
            grid: Which gives it its size.
        """
        box = brain[extent(brain)]
        fits = [np.count_nonzero(box & np.flip(box, axis)) / np.count_nonzero(box) for axis in Axis]
        at = np.argwhere(box).astype(np.float64)
        front, up = ((at - at.mean(axis=0)) / np.maximum(at.std(axis=0), 1e-9)).T[1:]
        size = np.array(box.shape) / brain.shape * grid.shape * grid.spacing_mm
        return cls(
            size_mm=(float(size[0]), float(size[1]), float(size[2])),
            symmetry=fits[0] - max(fits[1:]),
            narrow_front=float((front**3).mean()),
            low_behind=float((front * up).mean()),
            front_over_top=float((front**3).mean() - (up**3).mean()),
        )

    @property
    def doubt(self) -> str:
        """Describe what speaks against the header; empty where nothing does."""
        if self.symmetry < -CLEARLY_SYMMETRIC:
            return "is most symmetric along another axis than from left to right, as where axes are exchanged"
        turned = self.narrow_front < -CLEARLY_TURNED
        upturned = (-self.low_behind if turned else self.low_behind) < -CLEARLY_TURNED
        sides = ["front and back"] * turned + ["top and bottom"] * upturned
        if not sides and self.front_over_top < -CLEARLY_TURNED:
            return "narrows to its top, as where axes are exchanged"
        if sides:
            return f"has the shape of one with {' and '.join(sides)} exchanged"
        width, length, height = self.size_mm
        if not (LENGTH[0] < length / width < LENGTH[1] and HEIGHT[0] < height / width < HEIGHT[1]):
            return f"is {width:.0f} mm wide, {length:.0f} long and {height:.0f} high, as no whole one is"
        return ""


def posture_faults(study: SampledStudy) -> Iterator[Fault]:
    """Report a brain that lies otherwise than its header says, where all sequences do.

    Heads with a skull are not checked.
    """
    postures = (Posture.of(brain, study.grid) for brain in study.brains.values())
    doubts = [*takewhile(bool, (posture.doubt for posture in postures))]
    if not doubts or len(doubts) < len(study.brains):
        return
    edges = study.grid.spacing_mm
    if any(shows_skull(volume, edges, item) for item, volume in study.volumes.items()):
        return
    detail = f"the brain {doubts[0]}: places, sides and sizes follow the header, which may be wrong"
    yield Fault(study.id, FaultKind.ODD_ORIENTATION, detail)
