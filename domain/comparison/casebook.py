"""Single cases with the answers of all backends, and their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Grid, Point3D


@dataclass(frozen=True, eq=False)
class Frame:
    """How the picture of a case lies in its study.

    Args:
        grid: The study's RAS+ grid.
        centre: Where to look first.
        caption: Which slice the picture shows.
    """

    grid: Grid
    centre: Point3D
    caption: str


@dataclass(frozen=True, eq=False)
class CaseEntry:
    """One study.

    Args:
        scores: By backend; one that has not read the study is absent.
        kept: What there is to see; None where nothing was kept.
        masks: (I, J, K) uint8 by backend, on the grid of the kept volume: what it predicted.
        frame: Of a study that is predicted and not scored; that of others follows from the reference.
    """

    scores: Mapping[str, CaseScore]
    kept: SavedCase | None = None
    masks: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    frame: Frame | None = None

    @property
    def any_score(self) -> CaseScore:
        """What all scores say alike of the study and its reference."""
        return next(iter(self.scores.values()))


@dataclass(frozen=True, eq=False)
class Casebook:
    """The cases that a reader may leaf through.

    Args:
        backends: In the order asked for.
        entries: By study id, each with one score or more.
        n_left_out: Studies that were too many for a page.
        baselines: Backends that answer by a rule, without detecting the tumour.
    """

    backends: tuple[str, ...] = ()
    entries: tuple[CaseEntry, ...] = ()
    n_left_out: int = 0
    baselines: frozenset[str] = frozenset()
