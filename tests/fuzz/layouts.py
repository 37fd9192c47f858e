"""Hostile datasets in the layouts of BIDS, nnU-Net and the Medical Segmentation Decathlon."""

from __future__ import annotations

import json
import random
from pathlib import Path

import nibabel as nib
import numpy as np

from fuzz.ground import MODALITIES, SHAPE, SPACING_MM, STUDIES, Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, HOSTILE_VALUES, damaged_bytes, damaged_json

SUFFIXES = dict(zip(MODALITIES, ("T1w", "ce-gd_T1w", "T2w", "FLAIR"), strict=True))
NAMES = (
    *("sub-01_run-2_T1w", "sub-01_ce-gd_run-2_T1w", "sub-01_part-phase_FLAIR", "sub-02_T2w", "T1w"),
    *("sub-01__T2w", "sub-_T1w", "_T1w", "sub-01_T1w_T1w", "sub-01_ce-_T1w", "sub-1/../x", "-"),
    *("sub-01_acq-\x1b[31m_T1w", "sub-01_T1W", "sub-膠腫_T1w", "sub-01_ses-1_T1w", "a" * 200),
)
ENTITIES = ("run-2", "run-2_space-x", "T1w", "", "_", "-", "run-", "x" * 5000, "\u202e", "sub-9")
DESCRIPTION = {
    "Name": "x",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "manual"}],
}
TABLE = "index\tname\n0\tbackground\n2\tedema\n4\tenhancing tumor\n"
LABELS = {"background": 0, "whole tumor": [1, 2, 4], "tumor core": [1, 4], "ET": 4}
CELLS = ("NA", "HGG", "lgg", "3", "IV", "sub-01", "", '"', "M\xfcller", "sub-01\tHGG", "\x00", "=1")
SHAPES = (
    *((), (1,), (2,), (4,), (5,), (4, 1), (1, 4), (2, 2), (4, 4, 4), (1000,)),
    *((0,), (32767,), (1, 1, 1, 1)),
)


def bids(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a BIDS dataset: a name, a table, a description, a JSON file, a mask."""
    root = here / "studies"
    for number, study in enumerate(STUDIES, 1):
        _write_subject(root, ground, f"sub-0{number}", study)
    (root / "derivatives/manual/dseg.tsv").write_text(TABLE)
    (root / "derivatives/manual/dataset_description.json").write_text(json.dumps(DESCRIPTION))
    (root / "dataset_description.json").write_text(json.dumps(DESCRIPTION))
    rows = "sub-01\t40\tM\tHGG\nsub-02\t50\tF\tLGG\n"
    (root / "participants.tsv").write_text(f"participant_id\tage\tsex\tgrade\n{rows}")
    way = rng.randrange(6)
    if way == 0:
        what = _odd_image(rng, root)
    elif way == 1:
        what = _damaged_table(rng, root / "participants.tsv")
    elif way == 2:
        table = rng.choice(("sub-01/sub-01_sessions.tsv", "derivatives/manual/dseg.tsv"))
        (root / "sub-01/sub-01_sessions.tsv").write_text("session_id\tgrade\nses-1\tHGG\n")
        what = _damaged_table(rng, root / table)
    elif way == 3:
        path = root / rng.choice(("", "derivatives/manual")) / "dataset_description.json"
        what = _damaged_json(rng, path)
    elif way == 4:
        (root / "sub-01/anat/sub-01_ce-gd_T1w.nii.gz").unlink()
        path = root / "sub-01/anat/sub-01_T1w.json"
        path.write_text('{"ContrastBolusIngredient": "GADOLINIUM", "LabelMap": {"1": "edema"}}')
        what = _damaged_json(rng, path)
    else:
        what = _odd_mask(rng, root / "derivatives")
    flags = ()
    if rng.random() < 0.2:
        entities = rng.choice(ENTITIES)
        flags, what = ("--set", f"bids_entities={entities}"), f"{what}, {entities[:20]!r}"
    one = rng.choice(("sub-01", "sub-01/anat", "derivatives/manual"))
    table = ("--metadata={here}/studies/participants.tsv", "--subgroup=sex")
    return Hostile((*flags, *_command(rng, one, "sub-01", *table)), what)


def nnunet(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a dataset of nnU-Net: its description, a name, a mask, a channel."""
    root = here / "studies"
    for study in STUDIES:
        source = ground.studies / study
        for channel, name in enumerate(MODALITIES):
            target = root / "imagesTr" / f"{study}_{channel:04d}.nii.gz"
            copied(source / f"{study}_{name}.nii.gz", target)
        copied(source / f"{study}_seg.nii.gz", root / "labelsTr" / f"{study}.nii.gz")
    channels = {str(number): name for number, name in enumerate(MODALITIES)}
    described = {"channel_names": channels, "labels": LABELS, "file_ending": ".nii.gz"}
    return _damaged(rng, root, described)


def decathlon(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a dataset of files with four axes: their shape, the description, a name."""
    root = here / "studies"
    (root / "imagesTr").mkdir(parents=True)
    for study in STUDIES:
        source = ground.studies / study
        volumes = [
            np.asarray(nib.load(source / f"{study}_{name}.nii.gz").dataobj) for name in MODALITIES
        ]
        _write(root / "imagesTr" / f"{study}.nii.gz", np.stack(volumes, -1))
        copied(source / f"{study}_seg.nii.gz", root / "labelsTr" / f"{study}.nii.gz")
    described = {
        "modality": {str(number): name for number, name in enumerate(MODALITIES)},
        "labels": {"0": "background", "1": "NCR", "2": "edema", "4": "enhancing tumor"},
        "training": [{"image": f"./imagesTr/{study}.nii.gz"} for study in STUDIES],
        "test": [],
    }
    if rng.random() < 0.4:
        (root / "dataset.json").write_text(json.dumps(described))
        shape = rng.choice(SHAPES)
        edge = 2 if np.prod(shape) > 1000 else 12
        _write(
            root / "imagesTr" / f"{STUDIES[0]}.nii.gz",
            np.ones((edge, edge, edge, *shape), np.int16),
        )
        return Hostile(_command(rng, "imagesTr", STUDIES[0]), f"four axes: {shape}")
    return _damaged(rng, root, described)


def _damaged(rng: random.Random, root: Path, described: dict[str, object]) -> Hostile:
    path = root / "dataset.json"
    path.write_text(json.dumps(described))
    way = rng.randrange(4)
    if way < 2:
        what = _damaged_json(rng, path)
    elif way == 2:
        image = rng.choice(sorted((root / "imagesTr").iterdir()))
        name = rng.choice(("_0000", "x_9999", "0001", "a_0001_0001", "\u202e", "x" * 200, "x_٣٣٣٣"))
        image.rename(image.with_name(f"{name}.nii.gz"))
        what = f"{image.name} renamed {name[:20]!r}"
    else:
        image = rng.choice(sorted((root / rng.choice(("imagesTr", "labelsTr"))).iterdir()))
        what, content = damaged_bytes(rng, image.read_bytes())
        image.write_bytes(content)
    return Hostile(_command(rng, "imagesTr", STUDIES[0]), what)


def _command(rng: random.Random, part: str, study: str, *flags: str) -> tuple[str, ...]:
    place, one = "{here}/studies", f"{{here}}/studies/{part}"
    return rng.choice(
        [
            ("dataset", "verify", place),
            ("dataset", "verify", one, "--json"),
            ("dataset", "fingerprint", place),
            ("dataset", "split", place, "--folds", "2"),
            ("predict", one, "--backend", "brain-centroid", "--out", "out"),
            ("predict", place, "--study", study, "--backend=brain-centroid", "--out", "out"),
            ("evaluate", place, "--backend", "brain-centroid", "--out", "out"),
            ("evaluate", place, "--backend=majority", "--out=out", "--shard=0/2"),
            ("evaluate", place, "--backend=majority", "--out=out", *flags),
        ]
    )


def _write_subject(root: Path, ground: Ground, subject: str, study: str) -> None:
    source, anat = ground.studies / study, f"{subject}/anat/{subject}"
    for name, suffix in SUFFIXES.items():
        copied(source / f"{study}_{name}.nii.gz", root / f"{anat}_{suffix}.nii.gz")
    mask = root / "derivatives/manual" / f"{anat}_desc-tumor_dseg.nii.gz"
    copied(source / f"{study}_seg.nii.gz", mask)


def _write(path: Path, voxels: np.ndarray) -> None:
    affine = np.diag([-SPACING_MM, -SPACING_MM, SPACING_MM, 1.0])
    nib.save(nib.Nifti1Image(voxels, affine), path)


def _odd_image(rng: random.Random, root: Path) -> str:
    """Add an image of another name, move one, or give one another grid."""
    anat, name = root / "sub-01/anat", rng.choice(NAMES).replace("/", "_")
    image = rng.choice(sorted(anat.iterdir()))
    way = rng.randrange(4)
    if way == 0:
        image.rename(anat / f"{name}.nii.gz")
    elif way == 1:
        copied(image, anat / f"{name}.nii.gz")
    elif way == 2:
        _write(image, np.ones(rng.choice((SHAPE[::-1], (2, 2, 2), (*SHAPE, 4))), np.int16))
    else:
        image.unlink()
        image.symlink_to(rng.choice(("/nowhere", "/dev/zero", image.name, "..")))
    return f"image {image.name}, {name[:20]!r}, way {way}"


def _odd_mask(rng: random.Random, derivatives: Path) -> str:
    mask = derivatives / "manual/sub-01/anat/sub-01_desc-tumor_dseg.nii.gz"
    name = rng.choice(
        ("dseg", "mask", "label-L_mask", "label-ET_dseg", "desc-tumor_mask", "seg", "")
    )
    folder = (
        derivatives / rng.choice(("", "manual", "fmriprep", "x/derivatives", "nnunet")) / "sub-01"
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"sub-01_{name}.nii.gz"
    if rng.random() < 0.5:
        mask.rename(target)
    else:
        copied(mask, target)
    what, content = "whole", target.read_bytes()
    if rng.random() < 0.5:
        what, content = damaged_bytes(rng, content)
    target.write_bytes(content)
    return f"mask {folder.parent.name}/{target.name}: {what}"


def _damaged_table(rng: random.Random, path: Path) -> str:
    content = path.read_bytes()
    lines = content.decode().splitlines()
    way = rng.randrange(7)
    if way == 0:
        what, content = damaged_bytes(rng, content)
    elif way == 1:
        coding = rng.choice(("latin-1", "utf-16", "utf-8-sig", "utf-32"))
        text = (
            content.decode().replace("\n", "\xe4\n", 1) if coding == "latin-1" else content.decode()
        )
        what, content = coding, text.encode(coding)
    elif way == 2:
        what, content = "CRLF", content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n")))
    elif way == 3:
        row = rng.choice(lines[1:])
        what, content = "a row twice", content + f"{row}\n".encode()
    elif way == 4:
        column = rng.randrange(len(lines[0].split("\t")))
        cells = [line.split("\t") for line in lines]
        content = "".join(
            "\t".join(row[:column] + row[column + 1 :]) + "\n" for row in cells
        ).encode()
        what = f"without column {column}"
    elif way == 5:
        what, content = "spaces", content.replace(b"\t", b" ")
    else:
        cells = [line.split("\t") for line in lines]
        row = rng.choice(cells)
        at = rng.randrange(len(row))
        row[at] = rng.choice((*HOSTILE_TEXTS, *CELLS))
        what, content = f"{row[at][:20]!r}", "\n".join(map("\t".join, cells)).encode()
    path.write_bytes(content)
    return f"{path.name}: {what}"


def _damaged_json(rng: random.Random, path: Path) -> str:
    if rng.random() < 0.2:
        values = json.loads(path.read_text())
        key = rng.choice([*values, "dataset", "GeneratedBy"])
        values[key] = rng.choice(HOSTILE_VALUES)
        path.write_text(json.dumps(values))
        return f"{path.name}: {key} = {str(values[key])[:20]!r}"
    what, content = damaged_json(rng, path.read_bytes())
    path.write_bytes(content)
    return f"{path.name}: {what}"
