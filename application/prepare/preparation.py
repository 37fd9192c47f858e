"""How the raw images of a study were brought together, and into the place of the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality

VERSION = 3
"""Of the preparation; increased whenever the same images are prepared otherwise than before."""
FILE_GRID = Grid(
    (240, 240, 155), np.array([[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1.0]])
)
"""The grid of BraTS's files, 1 mm, on which the networks have learned."""
PREPARED_GRID = canonical(FILE_GRID)
BIAS_EVERY = slice(3, None, 6)
"""Along each axis, the voxels of `PREPARED_GRID` by which bias fields are known."""
BIAS_GRID = Grid(
    (40, 40, 26),
    PREPARED_GRID.affine @ [[6, 0, 0, 3], [0, 6, 0, 3], [0, 0, 6, 3], [0, 0, 0, 1.0]],
)


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
        bias: Deviation of the logarithm of the bias field over the brain: 0.1 is a tenth of the brightness.
    """

    mutual_information: float
    sharpness: float
    moved_mm: float
    moved_degrees: float
    covered: float
    shown: float
    bias: float


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
        bias: By modality the logarithm of the bias field, (I, J, K) float32 on `BIAS_GRID`.
        quality: How well it went.

    Raises:
        InvalidInputError: The anchor is moved, the brain is on another grid or empty, or an image has no
            bias field on its grid.
    """

    anchor: Modality
    to_anchor: Mapping[Modality, Rigid]
    to_template: Rigid
    brain: BoolArray
    bias: Mapping[Modality, Float32Array]
    quality: Quality

    def __post_init__(self) -> None:
        if self.anchor not in self.to_anchor or not self.to_anchor[self.anchor].is_none:
            raise InvalidInputError(f"the anchor {self.anchor.value} is moved")
        if self.brain.shape != PREPARED_GRID.shape or not self.brain.any():
            raise InvalidInputError("a preparation needs a brain on the grid of BraTS")
        if {m: field.shape for m, field in self.bias.items()} != dict.fromkeys(
            self.to_anchor, BIAS_GRID.shape
        ):
            raise InvalidInputError("a preparation needs a bias field of each image")

    def motion(self, modality: Modality) -> Rigid:
        """Return the motion from the world of an image to that of the template."""
        return self.to_anchor[modality].then(self.to_template)
