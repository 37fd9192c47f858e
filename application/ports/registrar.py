"""The port of everything that finds how two images of a head lie to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid
from gliobench.domain.geometry.rigid import Rigid


@dataclass(frozen=True, eq=False)
class Scan:
    """An image where its scanner placed it.

    Args:
        voxels: (I, J, K) on `grid`, finite.
        grid: Straight or oblique, in any orientation.

    Raises:
        InvalidInputError: The shapes differ.
    """

    voxels: FloatArray
    grid: Grid

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape:
            raise InvalidInputError(
                f"voxels of shape {self.voxels.shape} are not on a grid of {self.grid.shape}"
            )


@dataclass(frozen=True, slots=True)
class Registration:
    """How a moving image lies to a fixed one.

    Args:
        motion: From the world of the moving image to that of the fixed one.
        mutual_information: Of both in this position, in nats, ≥ 0.
        elsewhere: The same on average over positions beside it; near `mutual_information` where the
            images have nothing in common.
        turned: The same in the best position that is turned by about a quarter or half turn; near
            `mutual_information` or above it where the position may be upside down. 0 where it was not
            measured.
    """

    motion: Rigid
    mutual_information: float
    elsewhere: float
    turned: float = 0.0

    @property
    def sharpness(self) -> float:
        """The share of the mutual information that is lost beside this position, at most 1."""
        return self._lost(self.elsewhere)

    @property
    def uprightness(self) -> float:
        """The share of the mutual information that is lost in the best turned position, at most 1."""
        return self._lost(self.turned)

    def _lost(self, left: float) -> float:
        return 1 - left / max(self.mutual_information, 1e-6)


class Registrar(Protocol):
    """Registers images of one head, whatever their contrasts.

    Contract:
        - Deterministic: the same images give the same motion, bit for bit.
        - Finds rotations up to 30 degrees and shifts up to 40 mm, whatever the coordinates say. That a head
          lies beside a quarter or half turn is measured on request, and not taken.
        - Images in which nothing can be registered raise InvalidInputError. A position that was
          found says by its `sharpness` how much it is worth.
    """

    @property
    def fingerprint(self) -> str:
        """What decides its motions besides the images: its kind and version."""
        ...

    def register(
        self,
        *,
        fixed: Scan,
        moving: Scan,
        within: BoolArray | None = None,
        turned_over: bool = False,
    ) -> Registration:
        """Find how the moving image lies to the fixed one.

        Args:
            fixed: The image that stays.
            moving: The image that is moved.
            within: (I, J, K) bool on the grid of `fixed`: what is compared; None for all.
            turned_over: Whether positions beside quarter and half turns are measured.
        """
        ...
