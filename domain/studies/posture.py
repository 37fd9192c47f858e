"""Whether a stripped brain lies as its header says: forehead in front, vertex up, sides left and right.

A header that is wrong moves every place to another side or lobe. The shape of the brain shows which way it
lies: it is symmetric from left to right, narrower in front, and what lies low, the cerebellum, lies behind.
Left and right themselves look alike. `docs/results/posture.py` measures the rules on real studies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import Axis, BoolArray, FloatArray, Grid, Spacing, extent
from gliobench.domain.studies.contrast_order import FEWEST, sampled
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.plausibility import shows_skull
from gliobench.domain.studies.study import Modality

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


def posture_faults(
    study_id: str, volumes: Mapping[Modality, FloatArray], grid: Grid
) -> Iterator[Fault]:
    """Report a brain that lies otherwise than its header says, where all sequences do.

    Args:
        study_id: The study.
        volumes: (I, J, K) by modality, zero around the brain; heads with a skull are not checked.
        grid: Theirs, RAS+. A single axial plane is not checked.
    """
    if grid.shape[Axis.AXIAL] == 1:
        return
    brains = [volume != 0 for volume in sampled(volumes, grid).values()]
    doubts = [
        Posture.of(brain, grid).doubt for brain in brains if np.count_nonzero(brain) >= FEWEST
    ]
    if not doubts or not all(doubts):
        return
    if any(shows_skull(volume, grid.spacing_mm, item) for item, volume in volumes.items()):
        return
    detail = f"the brain {doubts[0]}: places, sides and sizes follow the header, which may be wrong"
    yield Fault(study_id, FaultKind.ODD_ORIENTATION, detail)
