"""Print how well a brain that lies otherwise than its header says is recognised, on real studies.

    python docs/results/posture.py DATA/brats_2mm DATA/brats_2mm_more DATA/brats_full \
        DATA/brats_lgg DATA/tcga_lgg

Length and height are relative to the width. All other numbers are positive where the header is right: an
exchange of front and back turns the signs of the second and third round, one of top and bottom that of the
third, so the smallest of each is also what recognises the hardest study.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gliobench.adapters.nifti import BratsStudySource
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.studies.posture import CLEARLY_SYMMETRIC, CLEARLY_TURNED, Posture
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Study

TURNS = {
    "as they are": lambda brain, grid: (brain, grid),
    "front and back exchanged": lambda brain, grid: (np.flip(brain, 1), grid),
    "top and bottom exchanged": lambda brain, grid: (np.flip(brain, 2), grid),
    "both exchanged": lambda brain, grid: (np.flip(brain, (1, 2)), grid),
    "axes in another order": lambda brain, grid: (
        np.moveaxis(brain, 0, 2),
        turned(grid, (1, 2, 0)),
    ),
    "axes to the front and up exchanged": lambda brain, grid: (
        np.swapaxes(brain, 1, 2),
        turned(grid, (0, 2, 1)),
    ),
    "twice as high": lambda brain, grid: (brain, stretched(grid, 2.0)),
    "half as high": lambda brain, grid: (brain, stretched(grid, 0.5)),
}


def turned(grid: Grid, axes: tuple[int, int, int]) -> Grid:
    """Put the axes of a grid into another order."""
    shape = (grid.shape[axes[0]], grid.shape[axes[1]], grid.shape[axes[2]])
    return Grid(shape=shape, affine=np.diag([*(grid.spacing_mm[axis] for axis in axes), 1.0]))


def stretched(grid: Grid, height: float) -> Grid:
    """Make the voxels of a grid higher."""
    return Grid(shape=grid.shape, affine=grid.affine @ np.diag([1.0, 1.0, height, 1.0]))


def brain_of(study: Study) -> tuple[BoolArray, Grid]:
    """Return the brain of the first sequence."""
    modality = min(study.volumes)
    sampled = SampledStudy(study.id, {modality: study.volume(modality)}, study.grid)
    return sampled.seen[modality] != 0, study.grid


def numbers(posture: Posture) -> dict[str, float]:
    """Return what is measured, lengths relative to the width."""
    found = asdict(posture)
    width, length, height = found.pop("size_mm")
    return {"length": length / width, "height": height / width, **found}


def main() -> None:
    """Print the numbers of the studies, and how many are doubted when they are turned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, nargs="+", help="folders in BraTS's layout")
    sources = [BratsStudySource(folder) for folder in parser.parse_args().studies]
    studies = [source.study(study_id) for source in sources for study_id in source.study_ids()]
    brains = [brain_of(study) for study in studies]
    print(f"Margins {CLEARLY_SYMMETRIC:g} and {CLEARLY_TURNED:g}; {len(brains)} studies.\n")
    print("| number | smallest | median | largest |\n|---|---|---|---|")
    found = [numbers(Posture.of(brain, grid)) for brain, grid in brains]
    for name in found[0]:
        values = sorted(item[name] for item in found)
        middle = values[len(values) // 2]
        print(f"| {name} | {values[0]:.2f} | {middle:.2f} | {values[-1]:.2f} |")
    print("\n| brains | doubted |\n|---|---|")
    for name, turn in TURNS.items():
        doubted = sum(bool(Posture.of(*turn(brain, grid)).doubt) for brain, grid in brains)
        print(f"| {name} | {doubted} of {len(brains)} |")


if __name__ == "__main__":
    main()
