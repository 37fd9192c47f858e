"""The port of everything that finds the brain in images of a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy

from gliobench.application.ports.registrar import Scan
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.studies.study import Study


@dataclass(frozen=True, eq=False)
class BrainTemplate:
    """An average brain, in the place that studies are brought to.

    Args:
        scan: T1-weighted, zero outside the brain.
        brain: (I, J, K) bool on its grid.
        name: What it is, with its version.
    """

    scan: Scan
    brain: BoolArray
    name: str

    @property
    def near(self) -> BoolArray:
        """(I, J, K) bool, the brain and what lies within 5 mm of it."""
        apart_mm = scipy.ndimage.distance_transform_edt(
            ~self.brain, sampling=self.scan.grid.spacing_mm
        )
        return np.asarray(apart_mm <= 5)


class BrainExtractor(Protocol):
    """Finds the brain in a head.

    Contract:
        - The mask is (I, J, K) bool on the grid of the study, one connected part, with the tumour in it.
        - Deterministic: the same images and settings give the same mask.
        - Whatever subset of modalities the head has will do.
        - Images in which no brain is found raise InvalidInputError.
    """

    @property
    def fingerprint(self) -> str:
        """What decides its masks besides the images: its kind, version and settings."""
        ...

    def extract(self, head: Study) -> BoolArray:
        """Find the brain.

        Args:
            head: Its modalities lie on each other, roughly as the template lies.
        """
        ...
