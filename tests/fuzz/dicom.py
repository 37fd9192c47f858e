"""Hostile DICOM: damaged bytes, tags of any value, odd archives and folders."""

from __future__ import annotations

import random
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pydicom import Dataset, config, dcmread, dcmwrite

from fuzz.ground import Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import damaged_bytes

ENVIRONMENT = {"GLIOBENCH_DICOM__PSEUDONYM_KEY": "a key of many characters"}
TAGS = (
    *("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("SamplesPerPixel", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"),
    *("RescaleSlope", "RescaleIntercept", "SeriesInstanceUID", "StudyInstanceUID", "Modality"),
    *("SOPInstanceUID", "SOPClassUID", "PatientID", "PatientName", "SeriesDescription"),
    *("SpecificCharacterSet", "ImageType", "EchoTime", "RepetitionTime", "InversionTime"),
    *("SeriesNumber", "ContrastBolusAgent", "BurnedInAnnotation", "PhotometricInterpretation"),
    *("PixelData", "MagneticFieldStrength", "AcquisitionTime", "BodyPartExamined"),
    *("AcquisitionNumber", "SliceThickness"),
    *(
        "PerFrameFunctionalGroupsSequence",
        "SharedFunctionalGroupsSequence",
        "DirectoryRecordSequence",
    ),
)
SEGMENTATION_TAGS = (
    *("SegmentSequence", "SegmentationType", "MaximumFractionalValue", "Rows", "Columns"),
    *("NumberOfFrames", "BitsAllocated", "ReferencedSeriesSequence", "StudyInstanceUID"),
    *("SOPClassUID", "SOPInstanceUID", "PixelData", "PixelPaddingValue", "SeriesInstanceUID"),
    *("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence", "PixelRepresentation"),
    *("PhotometricInterpretation", "SamplesPerPixel", "FrameOfReferenceUID", "SeriesNumber"),
)
INNER_TAGS = (
    *("SegmentNumber", "SegmentLabel", "SegmentAlgorithmType", "SegmentAlgorithmName", "CodeValue"),
    *("CodingSchemeDesignator", "ReferencedSegmentNumber", "ImagePositionPatient", "PixelSpacing"),
    *("ImageOrientationPatient", "SegmentIdentificationSequence", "PlanePositionSequence"),
    *("SegmentedPropertyTypeCodeSequence", "PlaneOrientationSequence", "SeriesInstanceUID"),
)
VALUES = (
    *(None, 0, 1, -1, 7, 65535, 2**31 - 1, 1e308, -1e-30, "", "0", "\\", "NaN", "inf", "1e999"),
    *("\x1b[31m", "\u202e", "膠腫", "a" * 5000, "../../etc", "1.2.3", b"", b"\xff" * 9),
    *([], [0, 0], [1, 0, 0, 0, 1, 0], ["1"] * 99, [float(2**70)] * 3, Dataset(), [Dataset()]),
)


def command(rng: random.Random, place: str) -> tuple[str, ...]:
    """Give a command that reads DICOM."""
    return rng.choice(
        [
            ("dataset", "series", place),
            ("dataset", "series", place, "--json", "--out", "out/series.csv"),
            ("dataset", "verify", place, "--json"),
            ("dataset", "verify", place, "--allow-burned-in"),
            ("dataset", "fingerprint", place),
            ("dataset", "split", place, "--folds", "2"),
            ("predict", place, "--backend", "brain-centroid", "--out", "out", "--force"),
            ("evaluate", place, "--backend", "brain-centroid", "--out", "out/run"),
            (
                "dataset",
                "series",
                place,
                "--series",
                rng.choice(("t1c=1", "=", "x=1", "nowhere", "t1c=")),
            ),
        ]
    )


def exports(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage one file of an export, or several in the same way, in a folder or a zip."""
    folder = copied(ground.dicom / rng.choice(("single", "enhanced")), here / "dicom")
    what = damage_export(rng, folder)
    if rng.random() < 0.25:
        return Hostile(command(rng, _zipped(rng, folder)), f"{what}, in a zip", ENVIRONMENT)
    return Hostile(command(rng, "{here}/dicom"), what, ENVIRONMENT)


def damage_export(rng: random.Random, folder: Path) -> str:
    """Damage some files of an export; say what was done."""
    files = sorted(folder.iterdir())
    chosen = rng.sample(files, min(len(files), rng.choice((1, 1, 2, 9))))
    return rng.choice((_set_tags, _set_tags, _damage, _cut, _name))(rng, chosen)


def segmentations(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a segmentation: a reference beside its images, or one that is imported or scored."""
    copied(ground.dicom / "single", here / "dicom")
    where = rng.choice(("dicom", "segs"))
    kind = rng.choice(("BINARY", "FRACTIONAL", "LABELMAP"))
    seg = copied(ground.dicom / "segmentations" / kind, here / where / "seg")
    change = rng.choice((_set_segmentation_tags, _set_inner_tags, _set_inner_tags, _damage, _cut))
    what = f"{kind} in {where}: {change(rng, [seg])}"
    if rng.random() < 0.2:
        copied(ground.dicom / "segmentations" / "BINARY", here / where / "other")
    if where == "dicom":
        return Hostile(command(rng, "{here}/dicom"), what, ENVIRONMENT)
    more = rng.choice(((), (), ("--exclude", "1.2"), ("--labels", "tumour"), ("--resample",)))
    if rng.random() < 0.5:
        sound = str(ground.dicom / "segmentations" / "BINARY")
        sides = rng.sample([sound, "{here}/segs"], 2)
        return Hostile(("score", *sides, *more, "--out", "out"), what, ENVIRONMENT)
    given = ("import", "{here}/dicom", "--name", "theirs", "--masks", "{here}/segs", *more)
    return Hostile((*given, "--out", "out"), what, ENVIRONMENT)


def _set_segmentation_tags(rng: random.Random, files: list[Path]) -> str:
    return _set_tags(rng, files, SEGMENTATION_TAGS)


def _set_inner_tags(rng: random.Random, files: list[Path]) -> str:
    """Set a tag within a segment, a frame's groups or another item at any depth."""
    name, value = rng.choice(INNER_TAGS), rng.choice(VALUES)
    config.settings.writing_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            dataset = dcmread(file)
            items = [item for item in _items(dataset) if name in item]
            for item in rng.sample(items, min(len(items), rng.choice((1, 2, 99)))):
                try:
                    setattr(item, name, value)
                except Exception:
                    item.pop(name, None)
            try:
                dcmwrite(file, dataset)
            except Exception:
                file.write_bytes(damaged_bytes(rng, file.read_bytes())[1])
    return f"inner {name} = {value!r:.40}"


def _items(dataset: Dataset) -> Iterator[Dataset]:
    for element in dataset:
        for item in element.value if element.VR == "SQ" else ():
            yield item
            yield from _items(item)


def _set_tags(rng: random.Random, files: list[Path], tags: tuple[str, ...] = TAGS) -> str:
    changes = [(rng.choice(tags), rng.choice(VALUES)) for _ in range(rng.choice((1, 1, 2, 3)))]
    config.settings.writing_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            dataset = dcmread(file)
            for name, value in changes:
                try:
                    if value is None:
                        dataset.pop(name, None)
                    else:
                        setattr(dataset, name, value)
                    dcmwrite(file, dataset)
                except Exception:
                    file.write_bytes(damaged_bytes(rng, file.read_bytes())[1])
    return ", ".join(f"{name} = {value!r:.40}" for name, value in changes)


def _damage(rng: random.Random, files: list[Path]) -> str:
    done = ""
    for file in files:
        done, content = damaged_bytes(rng, file.read_bytes())
        file.write_bytes(content)
    return done


def _cut(rng: random.Random, files: list[Path]) -> str:
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content[: rng.randrange(len(content))])
    return "truncated"


def _name(rng: random.Random, files: list[Path]) -> str:
    name = rng.choice(("DICOMDIR", "x.nii.csv", "a\nb", "\udce4", "\x1b[31m.dcm"))
    files[0].rename(files[0].with_name(name))
    (files[0].parent / "loop").symlink_to(files[0].parent)
    return f"a file called {name!a}"


def _zipped(rng: random.Random, folder: Path) -> str:
    path = folder.parent / "export.zip"
    warnings.filterwarnings("ignore", "Duplicate name")
    with zipfile.ZipFile(
        path, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    ) as archive:
        for number, file in enumerate(sorted(folder.iterdir())):
            if file.is_file():
                archive.write(file, rng.choice((f"{number}", f"../{number}", f"/{number}", "same")))
    if rng.random() < 0.5:
        path.write_bytes(damaged_bytes(rng, path.read_bytes())[1])
    return "{here}/export.zip"
