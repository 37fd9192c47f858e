"""DICOM files from arrays, in any orientation: single-frame, enhanced multi-frame, compressed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmwrite, uid
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.encoders.base import get_encoder

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.studies.study import Modality, Study

MR, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
SECRETS = {
    "PatientName": "Geheimnis^Anneliese^^Dr",
    "PatientID": "PAT-4711-XQ",
    "PatientBirthDate": "19420317",
    "AccessionNumber": "ACC998877",
    "ReferringPhysicianName": "Zuweiser^Otto",
    "OperatorsName": "Bedienung^Olga",
    "InstitutionName": "Klinikum Musterstadt",
    "StationName": "MRSTATION7",
    "StudyID": "ST55321",
}
"""What no output may hold, nor any part of it."""


@dataclass(frozen=True)
class Scan:
    """Tags of a series that decide what it is.

    Args:
        description: Of the series.
        times_ms: TR, TE, and TI where there is one.
        agent: The contrast agent; None for no tag.
        more: Other tags by keyword.
    """

    description: str
    times_ms: tuple[float, ...] = ()
    agent: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


SCANS = {
    Modality.T1N: Scan("T1 SE tra", (500, 10)),
    Modality.T1C: Scan("T1 SE tra KM", (500, 10), "Gadovist"),
    Modality.T2W: Scan("T2 TSE tra", (4500, 100)),
    Modality.T2F: Scan("FLAIR tra", (9000, 120, 2500)),
}


@dataclass
class Writer:
    """Writes series of one study.

    Args:
        folder: Where to.
        study_uid: Of the study.
        secrets: Tags that name the patient.
        syntax: Transfer syntax.
        multi_frame: Whether a series is one enhanced file.
        seed: Of the names of files, which sort otherwise than slices.
        encoded: Whether pixels are compressed by `edit` already.
    """

    folder: Path
    study_uid: str = "1.2.826.0.1.3680043.8.498.77001"
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(SECRETS))
    syntax: str = uid.ExplicitVRLittleEndian
    multi_frame: bool = False
    seed: int = 0
    number: int = 0
    encoded: bool = False

    def study(self, study: Study, scans: Mapping[Modality, Scan] = SCANS) -> None:
        """Write the volumes of a study, on the grid of its files: T1 before T1 with contrast."""
        for modality in filter(list(study.volumes).__contains__, Modality):
            stored = np.rint(study.volume(modality)).astype(np.int16)
            native = reorient(stored, source=study.grid, target=study.file_grid)
            self.series(native, study.file_grid, scans[modality])

    def series(
        self,
        voxels: np.ndarray,
        grid: Grid,
        scan: Scan,
        *,
        slope: float | None = None,
        intercept: float = 0.0,
        bits: int | None = None,
        edit: Any = None,
    ) -> str:
        """Write an array, (columns, rows, slices) integers on `grid`, and return the series' UID.

        `edit` gets the list of datasets before they are written, and may change it.
        """
        self.number += 1
        common = self._common(scan, voxels, bits)
        if slope is not None and not self.multi_frame:
            common.update({"RescaleSlope": slope, "RescaleIntercept": intercept})
        frames = [np.ascontiguousarray(voxels[:, :, k].T) for k in range(voxels.shape[2])]
        places = [_place(grid, k) for k in range(len(frames))]
        if self.multi_frame:
            datasets = [_enhanced(common, frames, places, grid, scan, slope, intercept)]
        else:
            datasets = [
                _single(common, *slice_, grid)
                for slice_ in enumerate(zip(frames, places, strict=True))
            ]
        datasets = datasets if edit is None else edit(datasets) or datasets
        names = [f"IM{index:05d}" for index in range(len(datasets))]
        random.Random(self.seed + self.number).shuffle(names)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, dataset in zip(names, datasets, strict=True):
            self.write(dataset, self.folder / f"S{self.number}_{name}")
        return str(common["SeriesInstanceUID"])

    def write(self, dataset: Dataset, path: Path) -> None:
        """Write one file, compressed where the syntax says so."""
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        syntax = uid.UID(self.syntax)
        if syntax.is_encapsulated and not self.encoded:
            dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = syntax
        if not syntax.is_little_endian:
            stored = np.frombuffer(dataset.PixelData, f"<i{dataset.BitsAllocated // 8}")
            dataset.PixelData = stored.byteswap().tobytes()
        dcmwrite(
            path,
            dataset,
            enforce_file_format=True,
            implicit_vr=syntax.is_implicit_VR,
            little_endian=syntax.is_little_endian,
        )

    def _common(self, scan: Scan, voxels: np.ndarray, bits: int | None) -> dict[str, Any]:
        allocated = 8 * voxels.dtype.itemsize
        stored = bits or allocated
        tags: dict[str, Any] = {
            "SOPClassUID": ENHANCED_MR if self.multi_frame else MR,
            "Modality": "MR",
            "StudyDate": "20200102",
            "StudyTime": "101500",
            "FrameOfReferenceUID": f"{self.study_uid}.9",
            "StudyInstanceUID": self.study_uid,
            "SeriesInstanceUID": f"{self.study_uid}.{self.number}",
            "SeriesNumber": self.number,
            "SeriesDescription": scan.description,
            "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
            "Manufacturer": "Maker",
            "ManufacturerModelName": "Model X",
            "MagneticFieldStrength": 3.0,
            "Columns": voxels.shape[0],
            "Rows": voxels.shape[1],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": allocated,
            "BitsStored": stored,
            "HighBit": stored - 1,
            "PixelRepresentation": int(voxels.dtype.kind == "i"),
            **self.secrets,
        }
        if scan.agent is not None:
            tags["ContrastBolusAgent"] = scan.agent
        names = ("RepetitionTime", "EchoTime", "InversionTime")
        if not self.multi_frame:
            tags |= dict(zip(names, scan.times_ms, strict=False))
        return tags | dict(scan.more)


def _place(grid: Grid, k: int) -> list[float]:
    x, y, z = (_RAS_TO_LPS @ grid.affine @ [0, 0, k, 1])[:3]
    return [_decimal(x), _decimal(y), _decimal(z)]


def _decimal(number: float) -> float:
    """Round as a decimal string of 16 characters does."""
    return float(f"{number:.9g}")


def _directions(grid: Grid) -> list[float]:
    axes = (_RAS_TO_LPS @ grid.affine)[:3, :2] / np.array(grid.spacing_mm[:2])
    return [_decimal(value) for value in axes.T.ravel()]


def _spacing(grid: Grid) -> list[float]:
    columns, rows, _ = grid.spacing_mm
    return [_decimal(rows), _decimal(columns)]


def _dataset(tags: Mapping[str, Any]) -> Dataset:
    dataset = Dataset()
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


def _single(common: Mapping[str, Any], index: int, placed: Any, grid: Grid) -> Dataset:
    pixels, position = placed
    dataset = _dataset(common)
    dataset.SOPInstanceUID = f"{common['SeriesInstanceUID']}.{index + 1}"
    dataset.InstanceNumber = index + 1
    dataset.ImagePositionPatient = position
    dataset.ImageOrientationPatient = _directions(grid)
    dataset.PixelSpacing = _spacing(grid)
    dataset.PixelData = pixels.tobytes()
    return dataset


def _enhanced(
    common: Mapping[str, Any],
    frames: Sequence[np.ndarray],
    places: Sequence[list[float]],
    grid: Grid,
    scan: Scan,
    slope: float | None,
    intercept: float,
) -> Dataset:
    order = list(range(len(frames)))
    random.Random(3).shuffle(order)
    dataset = _dataset(common)
    dataset.SOPInstanceUID = f"{common['SeriesInstanceUID']}.1"
    dataset.NumberOfFrames = len(frames)
    times = dict(zip(("TR", "TE", "TI"), scan.times_ms, strict=False))
    shared = {
        "PlaneOrientationSequence": [_dataset({"ImageOrientationPatient": _directions(grid)})],
        "PixelMeasuresSequence": [_dataset({"PixelSpacing": _spacing(grid)})],
    }
    if "TR" in times:
        shared["MRTimingAndRelatedParametersSequence"] = [_dataset({"RepetitionTime": times["TR"]})]
        shared["MREchoSequence"] = [_dataset({"EffectiveEchoTime": float(times["TE"])})]
    if "TI" in times:
        shared["MRModifierSequence"] = [_dataset({"InversionTimes": [float(times["TI"])]})]
    if slope is not None:
        scaled = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": "US"}
        shared["PixelValueTransformationSequence"] = [_dataset(scaled)]
    dataset.SharedFunctionalGroupsSequence = [_dataset(shared)]
    dataset.PerFrameFunctionalGroupsSequence = [
        _dataset({"PlanePositionSequence": [_dataset({"ImagePositionPatient": places[k]})]})
        for k in order
    ]
    dataset.PixelData = b"".join(frames[k].tobytes() for k in order)
    return dataset


def can_write(syntax: str) -> bool:
    """Return whether there is an encoder."""
    return not uid.UID(syntax).is_encapsulated or get_encoder(uid.UID(syntax)).is_available
