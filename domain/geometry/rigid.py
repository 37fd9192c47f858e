"""Rigid motions of the world: how one image lies to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray

_ROUNDING = 1e-4
"""Of a rotation's entries, as files store them."""


@dataclass(frozen=True, eq=False)
class Rigid:
    """A rotation and a shift of the RAS+ world.

    Args:
        matrix: (4, 4) float64, mm → mm.

    Raises:
        InvalidInputError: The matrix is not finite, or scales, shears or mirrors.
    """

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise InvalidInputError("a rigid motion is not a finite 4x4 matrix")
        turn = matrix[:3, :3]
        straight = np.allclose(turn.T @ turn, np.eye(3), atol=_ROUNDING)
        if not straight or np.linalg.det(turn) < 0 or not np.allclose(matrix[3], [0, 0, 0, 1]):
            raise InvalidInputError(
                "a rigid motion scales, shears or mirrors: wanted none of these"
            )
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def none(cls) -> Self:
        """Return the motion that moves nothing."""
        return cls(np.eye(4))

    @property
    def is_none(self) -> bool:
        """Return whether nothing is moved."""
        return bool(np.array_equal(self.matrix, np.eye(4)))

    @property
    def inverse(self) -> Rigid:
        """The motion back."""
        return Rigid(np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))

    def then(self, other: Rigid) -> Rigid:
        """Return this motion followed by another."""
        return Rigid(other.matrix @ self.matrix)

    def moved(self, places_mm: FloatArray) -> NDArray[np.float64]:
        """Move (N, 3) places in mm."""
        return np.asarray(places_mm @ self.matrix[:3, :3].T + self.matrix[:3, 3], dtype=np.float64)

    @property
    def degrees(self) -> float:
        """The angle of the rotation, 0 to 180."""
        cosine = (np.trace(self.matrix[:3, :3]) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))

    def distance_mm(self, places_mm: FloatArray) -> float:
        """Return how far (N, 3) places in mm are moved on average."""
        return float(np.linalg.norm(self.moved(places_mm) - places_mm, axis=1).mean())
