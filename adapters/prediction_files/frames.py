"""What written coordinates refer to, and where they are on a study's grid."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    SAME_PLACE_VOX,
    Axis,
    Box,
    Box3D,
    Plane,
    Point,
    Point3D,
    Polygon,
    Voxel,
)
from gliobench.domain.geometry.orientation import reorient_voxel
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, Localisation
from gliobench.domain.studies.study import Study


class Frame(str, Enum):
    """What three coordinates refer to."""

    RAS_MM = "ras-mm"
    """Millimetres of world space: x to the patient's right, y to anterior, z up."""
    LPS_MM = "lps-mm"
    """Millimetres of world space as ITK and DICOM count them: x to the left, y to posterior, z up."""
    FILE_VOXELS = "file"
    """Voxels of the image file as it is stored, the first centre at 0."""
    RAS_VOXELS = "ras"
    """Voxels of the study's RAS+ grid, the first centre at 0."""
    PIXELS = "pixels"
    """Of a slice's picture file: x to the right, y down, from the corner of its first pixel; z is 0."""

    @property
    def unit(self) -> str:
        """What the coordinates count."""
        if self is Frame.PIXELS:
            return "pixels"
        return "millimetres" if self in (Frame.RAS_MM, Frame.LPS_MM) else "voxels"

    def on_grid(self, at: Voxel, study: Study) -> Voxel:
        """Convert coordinates to continuous voxels of the study's RAS+ grid.

        Raises:
            InvalidInputError: Pixels of a study that is no single slice.
        """
        x, y, z = at
        match self:
            case Frame.RAS_MM:
                return study.grid.to_voxel(at)
            case Frame.LPS_MM:
                return study.grid.to_voxel((-x, -y, z))
            case Frame.RAS_VOXELS:
                return at
            case Frame.PIXELS:
                if study.grid.shape[Axis.AXIAL] != 1:
                    raise InvalidInputError(f"pixels of study {study.id}, which is no single slice")
                at = y - 0.5, x - 0.5, z
        return reorient_voxel(at, source=study.file_grid, target=study.grid)


def check_units(place: str, rows: Collection[Sequence[float]], frame: Frame) -> None:
    """Refuse coordinates that look like fractions of an image, or like metres.

    Args:
        place: The file, for messages.
        rows: The coordinates of each place.
        frame: That they are read in.

    Raises:
        InvalidInputError: All of several places lie within 1 of the origin, in parts of a unit.
    """
    numbers = [number for row in rows for number in row]
    several = len({tuple(row) for row in rows}) > 1
    if several and all(abs(x) <= 1 for x in numbers) and any(x % 1 for x in numbers):
        raise InvalidInputError(
            f"{place}: every coordinate lies from {min(numbers):.3g} to {max(numbers):.3g}, as fractions "
            f"do: wanted {frame.unit}"
        )


CENTRED_VOX = 1e-3
"""From the centre of a voxel: a box in millimetres all of whose ends lie there was made of indices of
voxels, and misses half a voxel on each side, or has it on one side too many."""
HALF_A_VOXEL = 0.5
"""How far off a corner of a box may lie on a tilted grid: boxes end at the edges of voxels."""


@dataclass(frozen=True, slots=True)
class Spots:
    """A place as it was written.

    Args:
        at: Its row, for messages.
        form: Of the place.
        frame: Of its coordinates.
        points: A point, the edges of a box, or the vertices of a polygon.
        axis: Across the plane that it lies on; None in the volume.
    """

    at: str
    form: Form
    frame: Frame
    points: Sequence[Voxel]
    axis: Axis | None = None

    def __call__(self, study: Study) -> Localisation | Failure:
        """Put the place onto a study's grid.

        Raises:
            InvalidInputError: It is no such place, or lies between slices.
        """
        try:
            points = [self.frame.on_grid(point, study) for point in self.points]
            if self.form in (Form.BOX, Form.BOX_3D):
                self._check_upright(points, study)
                return self._box(points, study)
            if self.axis is None:
                return Point3D(points[0])
            return self._on_plane(points, study)
        except InvalidInputError as error:
            raise InvalidInputError(f"{self.at}: {error}") from error

    def _on_plane(self, points: Sequence[Voxel], study: Study) -> Localisation | Failure:
        plane = self._plane([point[self.axis or 0] for point in points], study)
        if isinstance(plane, Failure):
            return plane
        first, second = plane.in_plane_axes
        flat = tuple((point[first], point[second]) for point in points)
        return Polygon(plane, flat) if self.form is Form.POLYGON else Point(plane, flat[0])

    def _plane(self, along: Sequence[float], study: Study) -> Plane | Failure:
        axis = self.axis or Axis.SAGITTAL
        middle = (min(along) + max(along)) / 2
        index = round(middle)
        if self.form is not Form.BOX and any(abs(at - index) > SAME_PLACE_VOX for at in along):
            raise InvalidInputError(
                f"{axis.name.lower()} coordinate {middle:g} lies between slices: wanted that of one"
            )
        if (thick := max(along) - min(along)) > 1 + HALF_A_VOXEL:
            raise InvalidInputError(
                f"the box covers {thick:g} {axis.name.lower()} slices: wanted one, or no axis"
            )
        if not 0 <= index < study.grid.shape[axis]:
            return self._outside(f"{axis.name.lower()} slice {index}", study)
        return Plane(axis, index)

    def _check_upright(self, ends: Sequence[Voxel], study: Study) -> None:
        """Check that the edges of a box run along the grid, as those of a box in voxels do.

        Raises:
            InvalidInputError: A corner is more than half a voxel off the box of the two ends.
        """
        corners = [self.frame.on_grid(at, study) for at in product(*zip(*self.points, strict=True))]
        for axis in range(3):
            ours, theirs = ([at[axis] for at in found] for found in (ends, corners))
            off = max(min(ours) - min(theirs), max(theirs) - max(ours))
            if off > HALF_A_VOXEL:
                raise InvalidInputError(
                    f"study {study.id} is tilted, and the box in mm has a corner {off:.1f} voxels beyond "
                    "the box of its ends: wanted voxels"
                )

    def _box(self, ends: Sequence[Voxel], study: Study) -> Localisation | Failure:
        low, high = ([f(pair) for pair in zip(*ends, strict=True)] for f in (min, max))
        start, stop = [round(at + 0.5) for at in low], [round(at + 0.5) for at in high]
        axes = [axis for axis in range(3) if axis != self.axis]
        if self.frame.unit == "millimetres" and all(map(_is_whole, (*low, *high))):
            detail = f"{self.at}: the box ends at the centres of voxels: wanted its faces, or voxels (i_min … k_max)"
            return Failure(FailureReason.UNREADABLE_PREDICTION, detail)
        if any(start[axis] < 0 or stop[axis] > study.grid.shape[axis] for axis in axes):
            return self._outside(f"box {start} to {stop}", study)
        if self.axis is None:
            return Box3D((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
        plane = self._plane([low[self.axis], high[self.axis]], study)
        if isinstance(plane, Failure):
            return plane
        first, second = axes
        return Box(plane, (start[first], start[second]), (stop[first], stop[second]))

    def _outside(self, what: str, study: Study) -> Failure:
        detail = f"{self.at}: {what} lies outside of the {study.grid.shape} voxels (RAS+)"
        return Failure(FailureReason.OUT_OF_RANGE, detail)


def _is_whole(at: float) -> bool:
    """Return whether a coordinate is that of a voxel's centre, up to rounding."""
    return abs(at - round(at)) < CENTRED_VOX
