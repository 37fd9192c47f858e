"""Registration, brain extraction and bias fields without computing, and a head that they are asked about."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from fakes.head import BRAIN_MM, SHAPE, SPACING_MM, brain, with_skull
from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.application.ports.network import Network
from gliobench.application.ports.registrar import Registrar, Registration, Scan
from gliobench.application.prepare.preparation import PREPARED_GRID
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.resampling import Float32Array, pulled
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.networks.brain_input import BRAIN_GRID, BRAIN_RULE
from gliobench.domain.networks.model_card import BRAIN, ModelCard
from gliobench.domain.studies.study import Modality, Study

MIDDLE_MM = np.array([-119.5, 119.5, 77.0])
"""Of the grid that studies are brought to."""


def _grid() -> Grid:
    affine = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    affine[:3, 3] = MIDDLE_MM - SPACING_MM * (np.array(SHAPE) - 1) / 2
    return Grid(SHAPE, affine)


HEAD_GRID = _grid()
"""Voxels of 4 mm about the middle."""


def fake_head(*modalities: Modality, study_id: str = "head", skull: bool = True) -> Study:
    """Draw a head of ellipsoids, 100 brighter in each modality than in the one before."""
    bare = brain()
    drawn = with_skull(bare, scalp=700, skull=60) if skull else bare
    volumes = {m: np.where(drawn != 0, drawn + 100 * n, 0) for n, m in enumerate(modalities)}
    return Study(
        study_id, study_id, HEAD_GRID, {m: v.astype(np.float32) for m, v in volumes.items()}
    )


def fake_template() -> BrainTemplate:
    """Return the ellipsoid of the brain as a template."""
    bare = brain()
    return BrainTemplate(Scan(bare, HEAD_GRID), bare != 0, "an ellipsoid")


def true_brain(grid: Grid = PREPARED_GRID) -> BoolArray:
    """Return the voxels of a grid in the brain of `fake_head`."""
    return _prepared_brain() if grid is PREPARED_GRID else _brain_on(grid)


@cache
def _prepared_brain() -> BoolArray:
    found = _brain_on(PREPARED_GRID)
    found.flags.writeable = False
    return found


def _brain_on(grid: Grid) -> BoolArray:
    places = [
        (grid.affine[axis, 3] + grid.affine[axis, axis] * np.arange(n) - MIDDLE_MM[axis]) ** 2
        / BRAIN_MM[axis] ** 2
        for axis, n in enumerate(grid.shape)
    ]
    return np.asarray(np.add.outer(np.add.outer(places[0], places[1]), places[2]) <= 1)


@final
class FakeRegistrar(Registrar):
    """Answers that images lie where their coordinates say, or where it was told.

    Args:
        motion: What it answers about images of one head.
        sharpness: How sharply they fit.
        uprightness: How much better than turned over.
    """

    def __init__(
        self, motion: Rigid | None = None, sharpness: float = 0.6, uprightness: float = 0.5
    ) -> None:
        self.motion, self.sharpness = motion or Rigid.none(), sharpness
        self.uprightness = uprightness
        self.asked = 0

    @property
    def fingerprint(self) -> str:
        return "fake registrar"

    def register(
        self,
        *,
        fixed: Scan,
        moving: Scan,
        within: BoolArray | None = None,
        turned_over: bool = False,
    ) -> Registration:
        self.asked += 1
        motion = self.motion if within is None else Rigid.none()
        return Registration(motion, 0.5, 0.5 * (1 - self.sharpness), 0.5 * (1 - self.uprightness))


@final
class FakeBrainExtractor(BrainExtractor):
    """Knows where the brain of `fake_head` is, or finds none."""

    def __init__(self, *, finds: bool = True) -> None:
        self._finds = finds

    @property
    def fingerprint(self) -> str:
        return "fake brain"

    def extract(self, head: Study) -> BoolArray:
        if not self._finds:
            raise InvalidInputError("no brain was found")
        return true_brain(head.grid)


@final
class FakeBiasField(BiasFieldEstimator):
    """Knows of a coil at the left side, or of none.

    Args:
        slope: How much the logarithm of the brightness changes over a voxel from left to right.
    """

    def __init__(self, slope: float = 0.0) -> None:
        self._slope = slope

    @property
    def fingerprint(self) -> str:
        return f"fake bias field {self._slope}"

    def log_field(self, scan: Scan, *, within: BoolArray) -> Float32Array:
        places = np.arange(scan.grid.shape[0], dtype=np.float32)[:, None, None]
        field = np.broadcast_to(-self._slope * places, scan.grid.shape).astype(np.float32)
        return field - field[within].mean()


@final
class FakeBrainNetwork(Network):
    """Outlines the template's brain, or a larger one.

    Args:
        beyond_mm: How much further it reaches on every side.
    """

    def __init__(self, beyond_mm: float = 0) -> None:
        self._beyond_mm = beyond_mm

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            kind=BRAIN,
            architecture="a sphere",
            input_shape=BRAIN_GRID.shape,
            spacing_mm=BRAIN_GRID.spacing_mm,
            training_data="nothing",
            trained_on=(),
            intensity_rule=BRAIN_RULE,
        )

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        depth_cm = inputs[:, -1:]
        return (depth_cm + self._beyond_mm / 10) * 10


def moved_head(study: Study, modality: Modality, motion: Rigid) -> Study:
    """Return a study one of whose images was taken after the head had moved."""
    volume = pulled(study.volumes[modality], source=study.grid, target=study.grid, motion=motion)
    return replace(study, volumes={**study.volumes, modality: volume})
