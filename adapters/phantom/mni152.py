"""The images of the MNI152 brain that nilearn's package holds."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import nibabel
import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.phantom.fields import Float32Array
from gliobench.application.ports.brain_extractor import BrainTemplate
from gliobench.application.ports.registrar import Scan
from gliobench.domain.errors import MissingExtraError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid

BRAIN_ABOVE = 0.2
"""Intensity of T1 that nilearn takes for brain."""
MNI_TO_BRATS = np.array(
    [
        [0.9414, -0.0281, -0.0087, -119.30],
        [0.0568, 0.9422, -0.1728, 126.11],
        [0.0160, 0.2124, 0.8802, 71.39],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""Mean of affine registrations (mutual information) of the template to seven studies of BraTS 2020."""


@dataclass(frozen=True, eq=False)
class MniImage:
    """One of them.

    Args:
        voxels: (I, J, K) float32, up to 1.
        affine: (4, 4) float64, from voxels to MNI coordinates in mm.
    """

    voxels: Float32Array
    affine: NDArray[np.float64]

    @property
    def brain(self) -> BoolArray:
        """(I, J, K) bool, what is brain in an image of T1."""
        found: BoolArray = self.voxels > BRAIN_ABOVE
        return found


def mni_image(name: Literal["t1", "gm", "wm"], *, extra: str, purpose: str) -> MniImage:
    """Read an image as `nilearn.datasets.load_mni152_template` and its like do, without nilearn's imports.

    Those take more than a second, in every process that draws a phantom.

    Args:
        name: T1 without the skull, or the share of grey or of white matter.
        extra: Of gliobench, which brings nilearn.
        purpose: Of the caller, for the error.

    Raises:
        MissingExtraError: nilearn is not installed.
    """
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise MissingExtraError(extra=extra, purpose=purpose)
    folder = Path(package.origin).parent / "datasets" / "data"
    image = nibabel.Nifti1Image.from_filename(
        folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"
    )
    voxels = np.asarray(image.dataobj, dtype=np.float32)
    return MniImage(voxels / voxels.max(), image.affine)


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
