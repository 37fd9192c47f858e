"""The frames of a file: where they lie, and what each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from gliobench.adapters.dicom.tags import (
    first_item,
    floats_of,
    grouped,
    number_of,
    text_of,
    values_in,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.placed_slices import PlacedSlices

_ROUNDING = 1e-4
"""Of direction cosines and of millimetres between pixels, among the images of a volume."""
_PARTS = {
    "position": ("PlanePositionSequence", "ImagePositionPatient"),
    "orientation": ("PlaneOrientationSequence", "ImageOrientationPatient"),
    "spacing_mm": ("PixelMeasuresSequence", "PixelSpacing"),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One slice of one file.

    Args:
        index: Of the frame in its file.
        position_mm: (3,) centre of the first pixel, LPS; None where it is not stated.
        orientation: (6,) directions of rows and columns; None as above.
        spacing_mm: Between rows and between columns; None as above.
        image_type: In capitals.
        echo_ms: TE.
        inversion_ms: TI.
        slope: True value = stored value times `slope` plus `intercept`; None where it is not stated.
        intercept: See `slope`.
        diffusion: Whether it has diffusion weights.
    """

    index: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    image_type: tuple[str, ...]
    echo_ms: float | None
    inversion_ms: float | None
    slope: float | None
    intercept: float
    diffusion: bool


def frames_in(dataset: Dataset) -> Iterator[Frame]:
    """Return the frames of a file, in its order.

    Raises:
        InvalidInputError: It places another number of frames than it has.
    """
    for index, groups in enumerate(groups_of_frames(dataset)):
        yield _frame(index, dataset, groups)


def placed_slices(frames: Sequence[Frame], shape: tuple[int, int]) -> PlacedSlices:
    """Return where frames of one orientation and spacing lie.

    Args:
        frames: One or more.
        shape: Rows and columns.

    Raises:
        InvalidInputError: A frame has no place, or they differ in orientation or spacing.
    """
    placed = [(frame.position_mm, frame.orientation, frame.spacing_mm) for frame in frames]
    if homeless := sum(None in places for places in placed):
        raise InvalidInputError(
            f"{homeless} of {len(placed)} images lack their position, orientation or pixel spacing"
        )
    positions, orientations, spacings = zip(*placed, strict=True)
    rows_mm, columns_mm = _same(spacings, 2, "spacings of pixels")
    return PlacedSlices(
        positions_mm=np.array([_of_length(place, 3) for place in positions], dtype=np.float64),
        directions=_same(orientations, 6, "orientations of slices").reshape(2, 3),
        spacing_mm=(float(rows_mm), float(columns_mm)),
        shape=shape,
    )


def _same(
    values: Sequence[tuple[float, ...] | None], length: int, what: str
) -> NDArray[np.float64]:
    """Return what all frames share, up to rounding."""
    table = np.array([_of_length(value, length) for value in values], dtype=np.float64)
    if np.abs(table - table[0]).max() > _ROUNDING:
        raise InvalidInputError(f"{what} differ: wanted the same throughout")
    first: NDArray[np.float64] = table[0]
    return first


def _of_length(value: tuple[float, ...] | None, length: int) -> tuple[float, ...]:
    if value is None or len(value) != length:
        raise InvalidInputError(f"a place of {len(value or ())} numbers: wanted {length}")
    return value


def groups_of_frames(dataset: Dataset) -> list[tuple[Dataset, ...]]:
    """Return the functional groups of each frame, its own before the shared ones.

    Raises:
        InvalidInputError: There are groups of another number of frames.
    """
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    count = int(number_of(dataset, "NumberOfFrames") or 1)
    if not groups:
        if count != 1:
            raise InvalidInputError(f"an image of {count} frames that does not say where they lie")
        return [()]
    if len(groups) != count:
        raise InvalidInputError(f"an image that places {len(groups)} frames of {count}")
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    return [tuple(item for item in (group, shared) if item is not None) for group in groups]


def _frame(index: int, dataset: Dataset, groups: Sequence[Dataset]) -> Frame:
    placed = {name: grouped(dataset, groups, path, floats_of) for name, path in _PARTS.items()}
    slope = grouped(
        dataset, groups, ("PixelValueTransformationSequence", "RescaleSlope"), number_of
    )
    intercept = grouped(
        dataset, groups, ("PixelValueTransformationSequence", "RescaleIntercept"), number_of
    )
    frame_type = grouped(dataset, groups, ("MRImageFrameTypeSequence", "FrameType"), text_of)
    echo = grouped(dataset, groups, ("MREchoSequence", "EffectiveEchoTime"), number_of)
    inversion = grouped(dataset, groups, ("MRModifierSequence", "InversionTimes"), floats_of)
    b_value = grouped(dataset, groups, ("MRDiffusionSequence", "DiffusionBValue"), number_of)
    if inversion is None and (single := number_of(dataset, "InversionTime")):
        inversion = (single,)
    return Frame(
        index=index,
        position_mm=placed["position"],
        orientation=placed["orientation"],
        spacing_mm=placed["spacing_mm"],
        image_type=values_in(frame_type or text_of(dataset, "ImageType")),
        echo_ms=echo if echo is not None else number_of(dataset, "EchoTime"),
        inversion_ms=inversion[0] if inversion else None,
        slope=slope or None,  # 0 is no slope
        intercept=0.0 if intercept is None else intercept,
        diffusion=bool(b_value),
    )
