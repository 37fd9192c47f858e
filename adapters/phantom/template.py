"""The MNI152 brain in the place, and of the size, of the brains of BraTS."""

from __future__ import annotations

import numpy as np

from gliobench.application.ports.brain_extractor import BrainTemplate
from gliobench.application.ports.registrar import Scan
from gliobench.domain.errors import MissingExtraError
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
    try:
        from nilearn import datasets  # takes seconds to import
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="prepare", purpose="Preparing raw images") from error

    t1, mask = datasets.load_mni152_template(resolution=1), datasets.load_mni152_brain_mask()
    scan, brain = (
        pulled(
            np.asarray(image.dataobj, dtype=np.float32),
            source=Grid(image.shape, MNI_TO_BRATS @ image.affine),
            target=grid,
            motion=Rigid.none(),
        )
        for image in (t1, mask)
    )
    return BrainTemplate(Scan(scan * (brain >= 0.5), grid), brain >= 0.5, "MNI152 2009a, placed 1")
