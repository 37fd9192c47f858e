"""Tumour labels and the regions they make up."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry import BoolArray


class Region(str, Enum):
    """A nested part of the tumour, as BraTS evaluates it."""

    WT = "WT"
    """Whole tumour: every label."""
    TC = "TC"
    """Tumour core: necrosis and enhancing tumour."""
    ET = "ET"
    """Enhancing tumour."""


class LabelConvention(Enum):
    """Which integer means which tissue in a BraTS mask; the value is the enhancing tumour's."""

    BRATS_2020 = 4
    """1 necrotic core, 2 oedema, 4 enhancing tumour: up to BraTS 2021."""
    BRATS_2023 = 3
    """1 necrotic core, 2 oedema, 3 enhancing tumour: from BraTS 2023 on."""

    @classmethod
    def detect(cls, labels: NDArray[np.integer]) -> LabelConvention:
        """Tell a mask's convention from the labels in it; 2020 where neither 3 nor 4 occurs.

        Raises:
            InvalidInputError: A label of neither convention, or 3 and 4 together.
        """
        present = set(np.unique(labels).tolist())
        if unknown := present - {0, 1, 2, 3, 4}:
            raise InvalidInputError(f"unknown labels {sorted(unknown)}: wanted 0, 1, 2 and 3 or 4")
        if {3, 4} <= present:
            raise InvalidInputError("labels 3 and 4 together: of no BraTS convention")
        return cls.BRATS_2023 if 3 in present else cls.BRATS_2020

    def regions(self, labels: NDArray[np.integer]) -> dict[Region, BoolArray]:
        """Split a label map into its nested regions.

        Args:
            labels: Integers of this convention, any shape.

        Raises:
            InvalidInputError: A label that this convention does not have.
        """
        enhancing = labels == self.value
        necrotic = labels == 1
        whole = enhancing | necrotic | (labels == 2)
        if strange := np.unique(labels[(labels != 0) & ~whole]).tolist():
            raise InvalidInputError(f"labels {strange} are not of {self.name}")
        return {Region.WT: whole, Region.TC: necrotic | enhancing, Region.ET: enhancing}

    def labels(
        self, *, whole: BoolArray, core: BoolArray, enhancing: BoolArray
    ) -> NDArray[np.uint8]:
        """Merge regions into a label map; inner regions win, and widen the outer ones."""
        merged = np.where(whole, np.uint8(2), np.uint8(0))
        merged[core] = 1
        merged[enhancing] = self.value
        return merged
