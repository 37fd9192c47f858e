"""A source of phantoms, for demonstrations and tests."""

from __future__ import annotations

from importlib.util import find_spec
from threading import Lock
from typing import final

from gliobench.adapters.phantom.lesion import CONVENTION
from gliobench.adapters.phantom.phantom import Phantom, PhantomRecipe, make_phantom
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.studies.lazy import Lazy
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study

ID_PREFIX = "Phantom_"
MOST_PHANTOMS = 100_000
COARSEST_MM = 4.0
"""With a coarser spacing a small tumour may fall between the voxels."""


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
