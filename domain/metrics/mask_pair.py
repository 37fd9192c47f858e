"""One region of a mask beside the reference's, with what several measures take from the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Spacing, extent
from gliobench.domain.geometry.parts import Parts
from gliobench.domain.metrics.distances import Distances
from gliobench.domain.metrics.surfaces import Surface


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
        block: tuple[slice, ...] = (slice(0, 1),) * self.reference.ndim
        if self.n_reference or self.n_prediction:
            block = extent(self.reference | self.prediction)
        return self if self.reference[block].shape == self.reference.shape else self.cut(block)

    def cropped_by(self, likely: tuple[slice, ...]) -> MaskPair:
        """Return what `cropped` does, sooner where both masks lie within a likely block."""
        inner = self.cut(likely)
        same = inner.n_reference == self.n_reference and inner.n_prediction == self.n_prediction
        return (inner if same else self).cropped

    def cut(self, block: tuple[slice, ...]) -> MaskPair:
        """Cut both masks alike; what is cut off has to be empty."""
        kept = [_turned(mask[block]) for mask in (self.reference, self.prediction)]
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


def _turned(mask: BoolArray) -> BoolArray:
    """Copy a mask so that k is fastest, as everything here goes along it; in files it is i."""
    turned = np.empty(mask.shape, dtype=np.bool_)
    for j in range(mask.shape[1]):  # faster than all at once
        turned[:, j] = mask[:, j]
    return turned


def shared_voxels(
    one: NDArray[np.unsignedinteger[Any]], other: NDArray[np.unsignedinteger[Any]]
) -> dict[tuple[int, int], int]:
    """Count the voxels that parts of two masks share, by their numbers.

    Args:
        one: (I, J, K) numbers of parts, 0 outside.
        other: Likewise, of the other mask.
    """
    both = (one > 0) & (other > 0)
    span = int(other.max(initial=0)) + 1
    keys = one[both].astype(np.int64) * span + other[both]
    edges = np.flatnonzero(
        np.diff(keys, prepend=-1, append=-1)
    )  # in a row they are mostly the same
    found, which = np.unique(keys[edges[:-1]], return_inverse=True)
    counts = np.bincount(which, weights=np.diff(edges))
    return {
        divmod(number, span): int(n)
        for number, n in zip(found.tolist(), counts.tolist(), strict=True)
    }
