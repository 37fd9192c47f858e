"""Draw the phantoms that ship for `gliobench demo`: four, one of each grade at each site.

python docs/results/demo_phantoms.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel
import numpy as np

from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from gliobench.adapters.phantom.export import INCLUDED

COUNT, SEED, SPACING_MM = 4, 0, 3.0
LEVELS = 255
"""Of an image: noise is most of a phantom's bytes, and half of it suffices."""


def main() -> None:
    """Draw them into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=INCLUDED)
    draw(parser.parse_args().out)


def draw(out: Path) -> None:
    """Draw the phantoms in BraTS's layout, with images of one byte a voxel."""
    export_phantoms(out, PhantomStudySource(COUNT, seed=SEED, spacing_mm=SPACING_MM))
    for file in out.rglob("*.nii.gz"):
        image = nibabel.load(file)
        voxels = np.asarray(image.dataobj)
        if not file.name.endswith("_seg.nii.gz"):
            voxels = np.ceil(voxels * (LEVELS / voxels.max()))  # what is not zero stays so
        small = nibabel.Nifti1Image(voxels.astype(np.uint8), image.affine, image.header)
        small.set_data_dtype(np.uint8)
        nibabel.save(small, file)


if __name__ == "__main__":
    main()
