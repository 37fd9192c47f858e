"""Print how well a brain that lies otherwise than its header says is recognised, on real studies.

    python docs/results/posture.py DATA/brats_2mm DATA/brats_2mm_more DATA/brats_full \
        DATA/brats_lgg DATA/tcga_lgg

Each number is positive where the header is right. An exchange of front and back turns the signs of the
second and third round, one of top and bottom that of the third, so the smallest of each is also what
recognises the hardest study.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gliobench.adapters.nifti import BratsStudySource
from gliobench.domain.studies.contrast_order import sampled
from gliobench.domain.studies.posture import CLEARLY_SYMMETRIC, CLEARLY_TURNED, Posture

TURNS = {
    "as they are": lambda brain: brain,
    "front and back exchanged": lambda brain: np.flip(brain, 1),
    "top and bottom exchanged": lambda brain: np.flip(brain, 2),
    "both exchanged": lambda brain: np.flip(brain, (1, 2)),
    "axes in another order": lambda brain: np.moveaxis(brain, 0, 2),
    "axes to the front and up exchanged": lambda brain: np.swapaxes(brain, 1, 2),
}


def main() -> None:
    """Print the numbers of the studies, and how many are doubted when they are turned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path, nargs="+", help="folders in BraTS's layout")
    sources = [BratsStudySource(folder) for folder in parser.parse_args().studies]
    studies = [source.study(study_id) for source in sources for study_id in source.study_ids()]
    brains = []
    for study in studies:
        modality = min(study.volumes)
        brains.append(sampled({modality: study.volume(modality)}, study.grid)[modality] != 0)
    print(f"Margins {CLEARLY_SYMMETRIC:g} and {CLEARLY_TURNED:g}; {len(brains)} studies.\n")
    print("| number | smallest | median |\n|---|---|---|")
    found = [asdict(Posture.of(brain)) for brain in brains]
    for name in found[0]:
        values = sorted(item[name] for item in found)
        print(f"| {name} | {values[0]:.2f} | {values[len(values) // 2]:.2f} |")
    print("\n| brains | doubted |\n|---|---|")
    for name, turn in TURNS.items():
        doubted = sum(bool(Posture.of(turn(brain)).doubt) for brain in brains)
        print(f"| {name} | {doubted} of {len(brains)} |")


if __name__ == "__main__":
    main()
