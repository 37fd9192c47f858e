"""One region of a mask beside the reference's, with what several measures take from the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Spacing, extent
from gliobench.domain.metrics.distances import Distances
from gliobench.domain.metrics.surfaces import Surface

NEIGHBOURS = np.ones((3, 3, 3), dtype=np.bool_)
"""26: voxels that share a corner are of one part."""


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a mask, by 26 neighbours, numbered from 1.

    Args:
        labels: (I, J, K) the number of the part that a voxel is of, 0 outside.
        n: How many there are.
    """

    labels: NDArray[np.int32]
    n: int

    @classmethod
    def of(cls, mask: BoolArray) -> Parts:
        """Part a mask, (I, J, K) bool."""
        return cls(*ndimage.label(mask, structure=NEIGHBOURS))

    @cached_property
    def n_voxels(self) -> NDArray[np.int64]:
        """(N + 1,) by number, 0 for the outside."""
        return np.bincount(self.labels[self.labels > 0], minlength=self.n + 1)

    @cached_property
    def boxes(self) -> list[tuple[slice, ...]]:
        """Of each part, in order."""
        return list(ndimage.find_objects(self.labels, self.n))


@dataclass(frozen=True, eq=False)
class MaskPair:
    """One region of a mask beside the reference's.

    Args:
        reference: (I, J, K) bool, the experts' voxels.
        prediction: (I, J, K) bool, same grid.
        spacing_mm: Voxel edges along (i, j, k).
        n_cut_off: Voxels of the grid beyond these, of neither mask.

    Raises:
        InvalidInputError: A mask is not bool, the shapes differ, or a spacing is not positive.
    """

    reference: BoolArray
    prediction: BoolArray
    spacing_mm: Spacing
    n_cut_off: int = 0

    def __post_init__(self) -> None:
        if self.reference.dtype != np.bool_ or self.prediction.dtype != np.bool_:
            raise InvalidInputError(
                f"masks are {self.reference.dtype} and {self.prediction.dtype}: wanted bool"
            )
        if self.reference.shape != self.prediction.shape:
            raise InvalidInputError(
                f"reference has shape {self.reference.shape}, prediction {self.prediction.shape}: "
                "wanted the same"
            )
        if not (np.isfinite(self.spacing_mm).all() and min(self.spacing_mm) > 0):
            raise InvalidInputError(f"spacing {self.spacing_mm} mm: wanted three positive lengths")

    @cached_property
    def cropped(self) -> MaskPair:
        """The same masks without the empty voxels about both; of two empty ones a single voxel."""
        if self.n_reference or self.n_prediction:
            return self.cut(extent(self.reference | self.prediction))
        return self.cut((slice(0, 1),) * self.reference.ndim)

    def cropped_by(self, likely: tuple[slice, ...]) -> MaskPair:
        """Return what `cropped` does, sooner where both masks lie within a likely block."""
        inner = self.cut(likely)
        same = inner.n_reference == self.n_reference and inner.n_prediction == self.n_prediction
        return (inner if same else self).cropped

    def cut(self, block: tuple[slice, ...]) -> MaskPair:
        """Cut both masks alike; what is cut off has to be empty."""
        # copied, because masks from files have i fastest, and everything below goes along k
        kept = [np.ascontiguousarray(mask[block]) for mask in (self.reference, self.prediction)]
        n_cut_off = self.n_cut_off + self.reference.size - kept[0].size
        return MaskPair(kept[0], kept[1], self.spacing_mm, n_cut_off)

    @cached_property
    def n_reference(self) -> int:
        """Voxels of the reference."""
        return int(np.count_nonzero(self.reference))

    @cached_property
    def n_prediction(self) -> int:
        """Voxels of the prediction."""
        return int(np.count_nonzero(self.prediction))

    @cached_property
    def n_shared(self) -> int:
        """Voxels of both."""
        return int(np.count_nonzero(self.reference & self.prediction))

    @cached_property
    def reference_parts(self) -> Parts:
        """What of the reference is connected."""
        return Parts.of(self.reference)

    @cached_property
    def predicted_parts(self) -> Parts:
        """What of the prediction is connected."""
        return Parts.of(self.prediction)

    @cached_property
    def border_distances(self) -> tuple[Distances, Distances]:
        """From the border voxels of either mask to those of the other; neither may be empty."""
        borders = [
            Surface.border(mask, self.spacing_mm) for mask in (self.reference, self.prediction)
        ]
        return Distances(*borders), Distances(*reversed(borders))


def shared_voxels(one: NDArray[np.int32], other: NDArray[np.int32]) -> dict[tuple[int, int], int]:
    """Count the voxels that parts of two masks share, by their numbers.

    Args:
        one: (I, J, K) numbers of parts, 0 outside.
        other: Likewise, of the other mask.
    """
    both = (one > 0) & (other > 0)
    span = int(other.max(initial=0)) + 1
    found, counts = np.unique(one[both].astype(np.int64) * span + other[both], return_counts=True)
    return {
        divmod(number, span): n for number, n in zip(found.tolist(), counts.tolist(), strict=True)
    }
