"""What is damaged: small valid studies, slices, weights, adapters and a run, made once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

from fakes.dicom_files import SCANS, Writer
from fakes.dicom_segmentations import Drawn, write_segments
from gliobench.adapters.dicom import DicomStudySource
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Modality

SHAPE = (48, 56, 40)
SPACING_MM = 4.0
MODALITIES = ("t1", "t1ce", "t2", "flair")
STUDIES = ("BraTS20_Training_001", "BraTS20_Training_002")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the valid files lie; none of them is ever changed.

    Args:
        folder: Of all.
    """

    folder: Path

    @property
    def studies(self) -> Path:
        """Two studies in BraTS layout with masks and grades."""
        return self.folder / "studies"

    @property
    def slices(self) -> Path:
        """Four slices with masks and grades."""
        return self.folder / "slices"

    @property
    def dicom(self) -> Path:
        """A study as DICOM: `single`, a file for each slice, and `enhanced`, a file for each series.

        `segmentations` holds one of each kind of the first.
        """
        return self.folder / "dicom"

    @property
    def weights(self) -> Path:
        """The embedded networks."""
        return Path(str(files("gliobench.adapters"))) / "onnx" / "weights"

    @property
    def subset_weights(self) -> Path:
        """Networks that answer about studies that lack modalities."""
        return self.folder / "subset-weights"

    @property
    def adapter(self) -> Path:
        """The stand-in's adapter."""
        return (
            Path(str(files("gliobench.adapters")))
            / "transformers"
            / "mllama"
            / "stand_in"
            / "adapter"
        )

    @property
    def checkpoint(self) -> Path:
        """A small vision-language model."""
        return self.folder / "checkpoint"

    @property
    def run(self) -> Path:
        """An evaluation of two backends over `studies`; made by `gliobench evaluate` itself."""
        return self.folder / "run"

    @property
    def cohort(self) -> Path:
        """A frozen cohort of `studies`; made by `gliobench dataset split` itself."""
        return self.folder / "cohort.json"

    @property
    def index(self) -> Path:
        """An index of `studies`; made by `gliobench dataset index` itself."""
        return self.folder / "index.parquet"


def make_ground(folder: Path) -> Ground:
    """Write all that needs no gliobench: studies and slices."""
    ground = Ground(folder)
    for number, study in enumerate(STUDIES):
        _write_study(ground.studies / study, study, seed=number)
    rows = "".join(f"{'HL'[n % 2]}GG,NA,NA,NA,NA,{study}\n" for n, study in enumerate(STUDIES))
    header = ",".join(
        [
            *("Grade", "BraTS_2017_subject_ID", "BraTS_2018_subject_ID", "TCGA_TCIA_subject_ID"),
            *("BraTS_2019_subject_ID", "BraTS_2020_subject_ID"),
        ]
    )
    (ground.studies / "name_mapping.csv").write_text(f"{header}\n{rows}")
    _write_slices(ground.slices)
    for name, multi_frame in (("single", False), ("enhanced", True)):
        _write_dicom(ground.studies / STUDIES[0], ground.dicom / name, multi_frame=multi_frame)
    _write_segmentations(ground.dicom)
    return ground


def copied(source: Path, target: Path) -> Path:
    """Copy a file or a folder, to be damaged."""
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return target


def _head(shape: tuple[int, ...]) -> np.ndarray:
    axes = [np.linspace(-1, 1, length) for length in shape]
    return sum(one**2 for one in np.meshgrid(*axes, indexing="ij"))


def _write_study(folder: Path, study: str, *, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    distance = _head(SHAPE)
    brain = distance < 0.5
    tumour = _head(SHAPE) < 0.05
    tumour = np.roll(tumour, (6, 4, 3), axis=(0, 1, 2)) & brain
    affine = np.diag([-SPACING_MM, -SPACING_MM, SPACING_MM, 1.0])
    for number, name in enumerate(MODALITIES):
        volume = np.where(brain, 300 + 40 * number + rng.normal(0, 20, SHAPE), 0)
        volume = np.where(tumour, volume * (1.5 if number != 0 else 0.8), volume)
        image = nib.Nifti1Image(volume.astype(np.int16), affine)
        nib.save(image, folder / f"{study}_{name}.nii.gz")
    labels = np.where(tumour, 2, 0).astype(np.uint8)
    labels[np.roll(_head(SHAPE) < 0.02, (6, 4, 3), axis=(0, 1, 2)) & tumour] = 4
    nib.save(nib.Nifti1Image(labels, affine), folder / f"{study}_seg.nii.gz")


def _write_dicom(study: Path, folder: Path, *, multi_frame: bool) -> None:
    writer = Writer(folder, multi_frame=multi_frame)
    for name, scan in zip(MODALITIES, SCANS.values(), strict=True):
        image = nib.load(study / f"{study.name}_{name}.nii.gz")
        grid = Grid(shape=image.shape, affine=image.affine)
        writer.series(np.asarray(image.dataobj), grid, scan)


def _write_segmentations(folder: Path) -> None:
    source = DicomStudySource(str(folder / "single"), Pseudonyms("a key of many characters"))
    images = source.images(source.study_ids()[0], Modality.T1C)
    whole = np.roll(_head(SHAPE) < 0.05, (6, 4, 3), axis=(0, 1, 2))
    parts = {"Edema": whole, "Enhancing": np.roll(_head(SHAPE) < 0.02, (6, 4, 3), axis=(0, 1, 2))}
    parts["Edema"] = whole & ~parts["Enhancing"]
    drawn = [Drawn(label, inside) for label, inside in parts.items()]
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        write_segments(folder / "segmentations" / kind, images, drawn, kind=kind)


def _write_slices(folder: Path) -> None:
    rows = ["study_id,grade,site"]
    for name in ("image", "mask"):
        (folder / name).mkdir(parents=True)
    for number in range(4):
        distance = _head((96, 96))
        tumour = np.roll(_head((96, 96)) < 0.05, (10, 4 * number), axis=(0, 1))
        picture = np.where(distance < 0.6, 120, 0) + np.where(tumour, 90, 0)
        Image.fromarray(picture.astype(np.uint8)).save(folder / "image" / f"slice{number}.png")
        mask = 255 * tumour.astype(np.uint8)
        Image.fromarray(mask).save(folder / "mask" / f"slice{number}.png")
        rows.append(f"slice{number},{'HL'[number % 2]}GG,site{number % 2}")
    (folder / "cases.csv").write_text("\n".join(rows) + "\n")
