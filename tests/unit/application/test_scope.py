"""Studies about which no answer should be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.application.predict.scope import scope_faults
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Modality, Study


@pytest.mark.parametrize(("depth", "kinds"), [(1, []), (2, [FaultKind.CONTRAST_ORDER])])
def test_of_a_single_slice_the_images_are_not_compared(depth: int, kinds: list[FaultKind]) -> None:
    shape = (100, 100, depth)
    image = np.random.default_rng(0).uniform(1, 2, shape).astype(np.float32)
    grid = Grid(shape=shape, affine=np.diag([3.0, 3.0, 50.0, 1.0]))
    study = Study("s", "s", grid, {Modality.T1C: image, Modality.T2F: image})

    assert [fault.kind for fault in scope_faults(study)][:1] == kinds
