"""Hostile folders in the ways of archives: folders of sequences or of masks, numbers, two sequences in a name."""

from __future__ import annotations

import random
from pathlib import Path

from fuzz.ground import MODALITIES, STUDIES, Ground, copied
from fuzz.harness import Hostile

PLACES = (
    *("{study}/{study}_{name}", "{study}/{name}", "{study}/{n}_{name}", "{study}/{n}_AX_{name}"),
    *("{study}/{name}/{name}", "{study}/{n}_{name}/NIFTI/{name}", "{name}/{study}_{name}"),
    *("images/{study}_{name}", "images/{study}/{study}_{name}", "{study}/T1/{name}", "T2/{name}"),
    *("{study}/{name}.nii/x", "{study}/T2_{name}", "{study}_T1-{name}", "T1/T1/T1/{study}_{name}"),
)
"""Where an image lies."""
FOLDERS = (
    "",
    "{study}/",
    "masks/",
    "images_segm/",
    "nnunet_seg/",
    "{study}/5_MASK/",
    "T1/",
    "seg/",
)
NAMES = (
    "{study}_seg",
    "seg",
    "MASK",
    "{study}_segm",
    "{study}_tumor_seg",
    "T1",
    "{study}",
    "-",
    "_",
)
SEQUENCES = (
    "T1",
    "T1GD",
    "T2",
    "T2_FLAIR",
    "t1ce",
    "T1_post",
    "flair",
    "T1_FLAIR",
    "1_T1",
    "T1-T1c",
)


def archives(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Lay the files of two studies in one way, and some of them in others."""
    root, usual = here / "studies", rng.choice(PLACES)
    for study in STUDIES:
        source = ground.studies / study
        for n, modality in enumerate(MODALITIES):
            place = usual if rng.random() < 0.9 else rng.choice(PLACES)
            name = modality if rng.random() < 0.7 else rng.choice(SEQUENCES)
            copied(
                source / f"{study}_{modality}.nii.gz",
                root / f"{place.format(study=study, name=name, n=n)}.nii.gz",
            )
        mask = (rng.choice(FOLDERS) + rng.choice(NAMES)).format(study=study)
        copied(source / f"{study}_seg.nii.gz", root / f"{mask}.nii.gz")
    place = "{here}/studies"
    command = rng.choice(
        [
            ("dataset", "verify", place, "--json"),
            ("dataset", "index", place, "--out", "out/index.parquet"),
            ("dataset", "fingerprint", place),
            ("predict", place, "--backend", "brain-centroid", "--out", "out"),
            ("evaluate", place, "--backend", "brain-centroid", "--out", "out"),
        ]
    )
    return Hostile(command, f"{usual}, mask {mask}")
