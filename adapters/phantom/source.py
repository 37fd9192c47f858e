"""A source of phantoms, for demonstrations and tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.phantom.anatomy import draw_anatomy
from gliobench.adapters.phantom.contrast import INTENSITY, SCANNERS, scan
from gliobench.adapters.phantom.fields import Float32Array
from gliobench.adapters.phantom.lesion import CONVENTION, grow
from gliobench.adapters.phantom.plan import RANGES, draw_plan
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.studies.lazy import Lazy
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study

ID_PREFIX = "Phantom_"
MOST_PHANTOMS = 100_000
COARSEST_MM = 4.0
"""With a coarser spacing a small tumour may fall between the voxels."""
GENERATOR_VERSION = 1
"""Increased whenever the same seed produces other voxels than before."""
BRATS_EXTENT_MM = (240, 240, 155)
KINDS = tuple((grade, site) for site in SCANNERS for grade in Grade)


@final
class PhantomStudySource(StudySource):
    """Simulated gliomas on the MNI152 template, generated on first access.

    A study depends on its index, the seed and the spacing, not on `count`. Its id contains the index, its
    patient's also the seed. A study holds its generated volumes; the source caches only the study that was
    opened last.

    Args:
        count: Number of studies.
        seed: Identifies the series.
        spacing_mm: Edge of a voxel; 1.0 gives BraTS's 240 x 240 x 155.

    Raises:
        InvalidInputError: No study, a negative seed, or a spacing outside [0.5, 4] mm.
        MissingExtraError: nilearn, which contains the template, is not installed.
    """

    def __init__(self, count: int, *, seed: int = 0, spacing_mm: float = 1.0) -> None:
        if not 1 <= count <= MOST_PHANTOMS:
            raise InvalidInputError(f"count of phantoms {count}: wanted 1 to {MOST_PHANTOMS}")
        if seed < 0:
            raise InvalidInputError(f"seed {seed}: wanted 0 or more")
        if not 0.5 <= spacing_mm <= COARSEST_MM:
            raise InvalidInputError(f"spacing {spacing_mm} mm: wanted 0.5 to {COARSEST_MM} mm")
        if find_spec("nilearn") is None:
            raise MissingExtraError(extra="phantom", purpose="Simulating studies")
        self._recipes = {
            f"{ID_PREFIX}{index:04d}": PhantomRecipe(seed, index, float(spacing_mm))
            for index in range(count)
        }
        self._last: _Drawing | None = None

    def study_ids(self) -> list[str]:
        """List the ids of all phantoms."""
        return sorted(self._recipes)

    def study(self, study_id: str) -> Study:
        """Open a phantom; its volumes are generated on first access."""
        drawing = self._drawing(study_id)
        recipe, origin = drawing.recipe, self.origin(study_id)
        return Study(
            id=study_id,
            patient_id=origin.patient_id,
            grid=canonical(recipe.native_grid),
            volumes=Lazy(tuple(Modality), lambda m: drawing.phantom().volumes[m]),
            native_grid=recipe.native_grid,
            site=origin.site,
            simulated=True,
        )

    def origin(self, study_id: str) -> Origin:
        """Return a phantom's patient and site."""
        recipe = self._recipe(study_id)
        _, site = recipe.kind
        return Origin(recipe.patient_id, site)

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._recipe(study_id).kind[0]

    def reference(self, study_id: str) -> Reference:
        """Return the grade, with regions that are generated on first access."""
        drawing = self._drawing(study_id)
        grade, _ = drawing.recipe.kind
        return Reference(
            grade=grade,
            regions=Lazy(NESTED, lambda r: CONVENTION.split(drawing.phantom().labels)[r]),
        )

    def content_hash(self, study_id: str) -> str:
        """Hash the recipe and the generator, which determine the voxels; nothing is generated."""
        return self._recipe(study_id).sha256

    @property
    def labels(self) -> DatasetLabels:
        """The label convention of phantoms."""
        return DatasetLabels(CONVENTION, "phantoms are drawn so")

    def _recipe(self, study_id: str) -> PhantomRecipe:
        if study_id not in self._recipes:
            raise NotFoundError(
                f"no phantom {study_id!r}: there are {len(self._recipes)}, from {ID_PREFIX}0000 on"
            )
        return self._recipes[study_id]

    def _drawing(self, study_id: str) -> _Drawing:
        recipe, last = self._recipe(study_id), self._last
        if last is None or last.recipe != recipe:
            last = self._last = _Drawing(recipe)
        return last


class _Drawing:
    """A phantom that is generated once, by the first thread that accesses it."""

    def __init__(self, recipe: PhantomRecipe) -> None:
        self.recipe = recipe
        self._phantom: Phantom | None = None
        self._lock = Lock()

    def phantom(self) -> Phantom:
        with self._lock:
            if self._phantom is None:
                self._phantom = make_phantom(self.recipe)
            return self._phantom


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
