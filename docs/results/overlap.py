"""Print how well a sequence, or a mask, that lies elsewhere is recognised, on real studies.

    python docs/results/overlap.py DATA/brats_2mm DATA/brats_2mm_more DATA/brats_full \
        DATA/brats_lgg DATA/tcga_lgg

T1n is moved or mirrored beside the other sequences. A mask is mirrored from left to right, which leaves
much of a tumour in the middle within the brain.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti import BratsStudySource
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.implausible_mask import OFF_BRAIN
from gliobench.domain.studies.overlap import LEAST_OVERLAP, overlap_faults
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Modality, Study

MOVED = Modality.T1N
Change = Callable[[NDArray[np.float32], Grid], NDArray[np.float32]]
CHANGES: dict[str, Change] = {
    "as they are": lambda volume, _: volume,
    "10 mm to the side": lambda volume, grid: np.roll(volume, round(10 / grid.spacing_mm[0]), 0),
    "10 mm up": lambda volume, grid: np.roll(volume, round(10 / grid.spacing_mm[2]), 2),
    "left and right exchanged": lambda volume, _: np.flip(volume, 0),
    "front and back exchanged": lambda volume, _: np.flip(volume, 1),
    "top and bottom exchanged": lambda volume, _: np.flip(volume, 2),
}


def main() -> None:
    """Print how many studies are noted, as they are and changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, nargs="+", help="folders in BraTS's layout")
    sources = [BratsStudySource(folder) for folder in parser.parse_args().studies]
    pairs = [(source, study_id) for source in sources for study_id in source.study_ids()]
    noted = [noted_when(source.study(study_id)) for source, study_id in pairs]
    print(f"A sequence of a Dice below {LEAST_OVERLAP:g}; {len(noted)} studies.\n")
    print("| t1n | noted |\n|---|---|")
    for name in CHANGES:
        print(f"| {name} | {sum(item[name] for item in noted)} of {len(noted)} |")
    shares = np.array([share for source, study_id in pairs for share in off(source, study_id)])
    print(f"\nMasks with {OFF_BRAIN:.0%} or more outside of the brain; {len(shares)} studies.\n")
    print("| masks | median | largest | noted |\n|---|---|---|---|")
    for name, column in zip(("as they are", "left and right exchanged"), shares.T, strict=True):
        middle, largest = np.median(column), column.max()
        noted_masks = np.count_nonzero(column >= OFF_BRAIN)
        print(f"| {name} | {middle:.4f} | {largest:.4f} | {noted_masks} of {len(column)} |")


def noted_when(study: Study) -> dict[str, bool]:
    """Return by change whether a note is made."""
    volumes = {modality: study.volume(modality) for modality in study.volumes}
    return {
        name: any(
            overlap_faults(
                SampledStudy(
                    study.id, volumes | {MOVED: change(volumes[MOVED], study.grid)}, study.grid
                )
            )
        )
        for name, change in CHANGES.items()
    }


def off(source: BratsStudySource, study_id: str) -> Iterator[tuple[float, float]]:
    """Yield the share of the whole tumour outside of the brain, as it is and mirrored, if there is a mask."""
    reference, study = source.reference(study_id), source.study(study_id)
    if Region.WT in reference.regions and (tumour := reference.regions[Region.WT]).any():
        outside = study.volume(min(study.volumes)) == 0
        yield (
            float(outside[tumour].mean()),
            float(outside[np.flip(tumour, 0)].mean()),
        )


if __name__ == "__main__":
    main()
