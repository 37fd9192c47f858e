"""One phantom: a brain, a glioma and four images, generated from a seed and an index."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.phantom.anatomy import draw_anatomy
from gliobench.adapters.phantom.contrast import INTENSITY, SCANNERS, scan
from gliobench.adapters.phantom.fields import Float32Array
from gliobench.adapters.phantom.lesion import grow
from gliobench.adapters.phantom.plan import RANGES, draw_plan
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.studies.study import Grade, Modality

GENERATOR_VERSION = 1
"""Increased whenever the same seed produces other voxels than before."""
BRATS_EXTENT_MM = (240, 240, 155)
KINDS = tuple((grade, site) for site in SCANNERS for grade in Grade)


@dataclass(frozen=True, slots=True)
class PhantomRecipe:
    """The parameters that determine a phantom.

    Args:
        seed: Identifies the series.
        index: Its index in the series; phantoms are independent of one another.
        spacing_mm: Edge of a voxel.
    """

    seed: int
    index: int
    spacing_mm: float

    @property
    def patient_id(self) -> str:
        """The patient: specific to the series, independent of the spacing."""
        return f"Phantom_{self.seed}_{self.index:04d}"

    @property
    def kind(self) -> tuple[Grade, str]:
        """Grade and site: each four consecutive phantoms include every combination once."""
        four, place = divmod(self.index, len(KINDS))
        order = np.random.default_rng([self.seed, four]).permutation(len(KINDS))
        return KINDS[int(order[place])]

    @property
    def native_grid(self) -> Grid:
        """BraTS's grid at this spacing: axes run to the left, posterior and superior."""
        i, j, k = (int(np.ceil(mm / self.spacing_mm)) for mm in BRATS_EXTENT_MM)
        affine = np.diag([-self.spacing_mm, -self.spacing_mm, self.spacing_mm, 1.0])
        inset_mm = (self.spacing_mm - 1) / 2
        affine[:3, 3] = -inset_mm, 239 - inset_mm, inset_mm
        return Grid(shape=(i, j, k), affine=affine)

    @property
    def sha256(self) -> str:
        """Hash of the recipe and of the generator's version and parameters."""
        generator = f"{GENERATOR_VERSION} {RANGES} {INTENSITY} {SCANNERS}"
        return hashlib.sha256(f"{generator} {self}".encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Phantom:
    """A study and its reference, as arrays on the RAS+ grid.

    Args:
        volumes: (I, J, K) float32 by modality: integers, 0 outside the brain.
        labels: (I, J, K) uint8 in BraTS's convention of 2020.
    """

    volumes: dict[Modality, Float32Array]
    labels: NDArray[np.uint8]


def make_phantom(recipe: PhantomRecipe) -> Phantom:
    """Generate a brain, grow a glioma of the recipe's grade in it, and scan it at the recipe's site."""
    grade, site = recipe.kind
    chances = np.random.default_rng([recipe.seed, recipe.index, 1]).spawn(4)
    grid = canonical(recipe.native_grid)
    plan = draw_plan(chances[0], grade)
    head = grow(chances[1], plan, draw_anatomy(chances[2], grid))
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[head.anatomy.block][head.lesion.block] = head.lesion.labels
    return Phantom(volumes=scan(chances[3], head, SCANNERS[site]), labels=labels)
