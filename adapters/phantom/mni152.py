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
from gliobench.domain.errors import MissingExtraError
from gliobench.domain.geometry.grids import BoolArray

BRAIN_ABOVE = 0.2
"""Intensity of T1 that nilearn takes for brain."""


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
