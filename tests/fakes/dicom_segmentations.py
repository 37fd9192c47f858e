"""DICOM segmentations as other programs write them: other kinds, names, codes and orders of frames."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import highdicom
import numpy as np
from highdicom.seg import Segmentation, SegmentDescription
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from gliobench.adapters.dicom.segmentation import placed_tags
from gliobench.adapters.dicom.series_images import SeriesImages

TISSUE = Code("85756007", "SCT", "Tissue")
"""What some programs code every segment as."""


@dataclass(frozen=True)
class Drawn:
    """A segment.

    Args:
        label: What it is called.
        inside: (I, J, K) bool, or shares of 1, on the native grid of the images.
        code: Its type.
    """

    label: str
    inside: np.ndarray
    code: Code = TISSUE


def write_segments(
    path: Path,
    images: SeriesImages,
    drawn: Sequence[Drawn],
    *,
    kind: str = "BINARY",
    by: str = "MANUAL",
    uid: str = "1.2.826.0.1.3680043.8.498.88001",
    edit: Callable[[Dataset], None] | None = None,
) -> None:
    """Write segments of a series, those of a label map in its one volume."""
    sources = [tags for tags, _ in placed_tags(images)]
    planes = np.stack([segment.inside.transpose(2, 1, 0) for segment in drawn], axis=-1)
    pixels: np.ndarray = planes.astype(np.uint8 if kind == "BINARY" else np.float64)
    if kind == "LABELMAP":
        pixels = (planes * np.arange(1, len(drawn) + 1)).max(axis=-1).astype(np.uint8)
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="their-net", family=codes.DCM.ArtificialIntelligence, version="1"
    )
    made = Segmentation(
        source_images=sources,
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=[
            SegmentDescription(
                segment_number=number,
                segment_label=segment.label,
                segmented_property_category=codes.SCT.Tissue,
                segmented_property_type=segment.code,
                algorithm_type=by,
                algorithm_identification=None if by == "MANUAL" else algorithm,
            )
            for number, segment in enumerate(drawn, 1)
        ],
        series_instance_uid=uid,
        series_number=9,
        sop_instance_uid=f"{uid}.1",
        instance_number=1,
        manufacturer="theirs",
        manufacturer_model_name="theirs",
        software_versions="1",
        device_serial_number="1",
    )
    if edit is not None:
        edit(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)


def shuffled(made: Dataset) -> None:
    """Put the frames of a segmentation of one bit or byte a pixel into another order."""
    order = list(range(int(made.NumberOfFrames)))
    random.Random(1).shuffle(order)
    size = made.Rows * made.Columns
    if made.BitsAllocated == 1:
        stored = np.unpackbits(np.frombuffer(made.PixelData, np.uint8), bitorder="little")
    else:
        stored = np.frombuffer(made.PixelData, np.uint8)
    frames = stored[: len(order) * size].reshape(-1, size)[order].ravel()
    packed = np.packbits(frames, bitorder="little") if made.BitsAllocated == 1 else frames
    content = packed.tobytes()
    made.PixelData = content + b"\0" * (len(content) % 2)
    groups = made.PerFrameFunctionalGroupsSequence
    made.PerFrameFunctionalGroupsSequence = [groups[index] for index in order]


def tumour_parts(inside: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return disjoint oedema, necrosis and enhancement of nested WT, TC and ET."""
    whole, core, enhancing = (inside[name] for name in ("WT", "TC", "ET"))
    return {"Edema": whole & ~core, "Necrosis": core & ~enhancing, "Enhancing": enhancing}
