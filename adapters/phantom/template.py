"""The MNI152 brain in the place, and of the size, of the brains of BraTS."""

from __future__ import annotations

import numpy as np

from gliobench.adapters.phantom.mni152 import mni_image
from gliobench.application.ports.brain_extractor import BrainTemplate
from gliobench.application.ports.registrar import Scan
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid

MNI_TO_BRATS = np.array(
    [
        [0.9414, -0.0281, -0.0087, -119.30],
        [0.0568, 0.9422, -0.1728, 126.11],
        [0.0160, 0.2124, 0.8802, 71.39],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""Mean of affine registrations (mutual information) of the template to seven studies of BraTS 2020."""


def brain_template(grid: Grid) -> BrainTemplate:
    """Read the template from nilearn's package, on a grid of BraTS's world; nothing is downloaded.

    Raises:
        MissingExtraError: nilearn is not installed.
    """
    t1 = mni_image("t1", extra="prepare", purpose="Preparing raw images")
    scan, brain = (
        pulled(
            voxels.astype(np.float32),
            source=Grid(voxels.shape, MNI_TO_BRATS @ t1.affine),
            target=grid,
            motion=Rigid.none(),
        )
        for voxels in (t1.voxels, t1.brain)
    )
    return BrainTemplate(Scan(scan * (brain >= 0.5), grid), brain >= 0.5, "MNI152 2009a, placed 1")
