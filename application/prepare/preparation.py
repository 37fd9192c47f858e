"""How the raw images of a study were brought together, and into the place of the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality

VERSION = 2
"""Of the preparation; increased whenever the same images are prepared otherwise than before."""
FILE_GRID = Grid(
    (240, 240, 155), np.array([[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1.0]])
)
"""The grid of BraTS's files, 1 mm, on which the networks have learned."""
PREPARED_GRID = canonical(FILE_GRID)


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """How well one image was registered.

    Args:
        mutual_information: With the image that it was registered to, in nats.
        sharpness: The share of that which is lost 20 mm or degrees beside, at most 1.
        moved_mm: How far the brain's voxels were moved on average.
        moved_degrees: The angle of the rotation.
        covered: The share of the brain that lies within the image.
        shown: The share of this part that is brighter than the air around the head.
    """

    mutual_information: float
    sharpness: float
    moved_mm: float
    moved_degrees: float
    covered: float
    shown: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a study was prepared.

    Args:
        images: By modality, as registered to the anchor; of the anchor, to the template.
        brain_ml: Volume of the brain.
        template_overlap: Dice of the brain and the template's.
        uprightness: The share of the mutual information with the template that is lost in the best
            position that is turned over, at most 1.
    """

    images: Mapping[Modality, ImageQuality]
    brain_ml: float
    template_overlap: float
    uprightness: float


@dataclass(frozen=True, eq=False)
class Preparation:
    """Where the images of a study go.

    Args:
        anchor: The image that stays, and on whose grid answers are given.
        to_anchor: From the world of each image to that of the anchor.
        to_template: From the world of the anchor to that of the template.
        brain: (I, J, K) bool on `PREPARED_GRID`.
        quality: How well it went.

    Raises:
        InvalidInputError: The anchor is moved, or the brain is on another grid or empty.
    """

    anchor: Modality
    to_anchor: Mapping[Modality, Rigid]
    to_template: Rigid
    brain: BoolArray
    quality: Quality

    def __post_init__(self) -> None:
        if self.anchor not in self.to_anchor or not self.to_anchor[self.anchor].is_none:
            raise InvalidInputError(f"the anchor {self.anchor.value} is moved")
        if self.brain.shape != PREPARED_GRID.shape or not self.brain.any():
            raise InvalidInputError("a preparation needs a brain on the grid of BraTS")

    def motion(self, modality: Modality) -> Rigid:
        """Return the motion from the world of an image to that of the template."""
        return self.to_anchor[modality].then(self.to_template)
