"""Cases on disk as BIDS, nnU-Net and the Medical Segmentation Decathlon lay them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fakes.study_folder import write_image
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.studies.study import Case, Modality

OF_2017 = BUILT_IN["brats-gli-2017"]
NNUNET = BUILT_IN["nnunet-brats"]
BIDS_NAMES = {
    Modality.T1N: "T1w",
    Modality.T1C: "ce-gadolinium_T1w",
    Modality.T2W: "T2w",
    Modality.T2F: "FLAIR",
}
CHANNELS = {
    Modality.T2F: "FLAIR",
    Modality.T1N: "T1w",
    Modality.T1C: "t1gd",
    Modality.T2W: "T2w",
}
"""In the order of the Decathlon, by its names."""
LABELS = {
    "0": "background",
    "1": "edema",
    "2": "non-enhancing tumor",
    "3": "enhancing tumour",
}
"""Of the Decathlon."""
DSEG = "index\tname\n0\tbackground\n1\tnecrosis\n2\tedema\n4\tenhancing tumor\n"
"""Of BraTS until 2021."""


def write_bids(
    root: Path, cases: Sequence[Case], *, derivative: str = "derivatives/manual", table: str = DSEG
) -> Path:
    """Write a dataset with masks in a folder of derivatives; a study is `sub-X` or `sub-X_ses-Y`.

    Args:
        root: Its folder.
        cases: What to write.
        derivative: Where the masks lie.
        table: Of the labels; empty for none.
    """
    for case in cases:
        folders = Path(*case.study.id.split("_"), "anat")
        for modality, name in BIDS_NAMES.items():
            if modality in case.study.volumes:
                path = root / folders / f"{case.study.id}_{name}.nii.gz"
                path.parent.mkdir(parents=True, exist_ok=True)
                volume = case.study.volume(modality).astype(np.int16)
                write_image(path, volume, case.study.grid)
        if case.reference.regions:
            mask = root / derivative / folders / f"{case.study.id}_desc-tumor_dseg.nii.gz"
            mask.parent.mkdir(parents=True, exist_ok=True)
            labels = OF_2017.merge(case.reference.regions)
            write_image(mask, labels, case.study.grid)
    write_json(root / "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0"})
    grades = {
        case.study.id.partition("_")[0]: case.reference.grade.value
        if case.reference.grade
        else "n/a"
        for case in cases
    }
    rows = "".join(f"{name}\t{grade}\n" for name, grade in grades.items())
    (root / "participants.tsv").write_text(f"participant_id\tgrade\n{rows}")
    if table:
        (root / derivative / "dseg.tsv").write_text(table)
    return root


def write_nnunet(root: Path, cases: Sequence[Case], *, part: str = "Tr") -> Path:
    """Write a file a channel, in nnU-Net's order of labels."""
    for case in cases:
        for channel, modality in enumerate(CHANNELS):
            path = root / f"images{part}" / f"{case.study.id}_{channel:04d}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, case.study.volume(modality).astype(np.int16), case.study.grid)
        _write_labels(root / f"labels{part}", case, NNUNET)
    channels = {str(at): name for at, name in enumerate(CHANNELS.values())}
    labels = {name: int(integer) for integer, name in LABELS.items()}
    described = {"channel_names": channels, "labels": labels, "file_ending": ".nii.gz"}
    write_json(root / "dataset.json", described)
    return root


def write_msd(root: Path, cases: Sequence[Case]) -> Path:
    """Write one file a study, with its channels along a fourth axis."""
    for case in cases:
        channels = [case.study.volume(modality).astype(np.int16) for modality in CHANNELS]
        path = root / "imagesTr" / f"{case.study.id}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, np.stack(channels, axis=-1), case.study.grid)
        _write_labels(root / "labelsTr", case, NNUNET)
    names = [case.study.id for case in cases]
    described = {
        "modality": {str(at): name for at, name in enumerate(CHANNELS.values())},
        "labels": LABELS,
        "tensorImageSize": "4D",
        "training": [{"image": f"./imagesTr/{name}.nii.gz"} for name in names],
    }
    write_json(root / "dataset.json", described)
    return root


def write_json(path: Path, value: Mapping[str, object]) -> Path:
    """Write a document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def _write_labels(folder: Path, case: Case, convention: LabelConvention) -> None:
    if case.reference.regions:
        folder.mkdir(exist_ok=True)
        labels = convention.merge(case.reference.regions)
        write_image(folder / f"{case.study.id}.nii.gz", labels, case.study.grid)
