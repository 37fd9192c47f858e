"""Points, boxes and polygons in a table, in millimetres, voxels or pixels."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

from gliobench.adapters.prediction_files.confidences import confidence_in
from gliobench.adapters.prediction_files.frames import Frame, Spots, check_units
from gliobench.adapters.prediction_files.records import STUDY_COLUMNS, Table, failure_in
from gliobench.adapters.prediction_files.written import Answer, Spot, Written
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key, number_in
from gliobench.domain.geometry.grids import Axis, Voxel
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Failure, Form
from gliobench.domain.studies.study import Study

FRAME_WORDS = {
    Frame.RAS_MM: {"ras": Frame.RAS_MM, "lps": Frame.LPS_MM},
    Frame.FILE_VOXELS: {"file": Frame.FILE_VOXELS, "ras": Frame.RAS_VOXELS},
}
"""What a cell `frame` may say of millimetres and of voxels; the first is meant where there is none."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a kind of place.

    Args:
        columns: Their names.
        frame: Of the coordinates, where no cell says another.
        is_inclusive: Of a box in voxels: whether its last ones are named, not those after them.
    """

    columns: tuple[str, ...]
    frame: Frame
    is_inclusive: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the columns."""
        return tuple(map(column_key, self.columns))

    @property
    def has_vertices(self) -> bool:
        """Whether one cell holds all coordinates."""
        return self.keys[0].startswith("vertices")


def _corners(first: str, last: str, names: str = "xyz") -> tuple[str, ...]:
    return tuple(end.format(name) for end in (first, last) for name in names)


LAYOUTS = {
    Form.POINT_3D: (
        Layout(("x_mm", "y_mm", "z_mm"), Frame.RAS_MM),
        Layout(("i", "j", "k"), Frame.FILE_VOXELS),
        Layout(("x_px", "y_px"), Frame.PIXELS),
    ),
    Form.BOX_3D: (
        Layout(_corners("{}_min_mm", "{}_max_mm"), Frame.RAS_MM),
        Layout(_corners("{}_start", "{}_stop", "ijk"), Frame.FILE_VOXELS),
        Layout(_corners("{}_min", "{}_max", "ijk"), Frame.FILE_VOXELS, is_inclusive=True),
        Layout(_corners("{}_min_px", "{}_max_px", "xy"), Frame.PIXELS),
    ),
    Form.POLYGON: (
        Layout(("vertices_mm",), Frame.RAS_MM),
        Layout(("vertices",), Frame.FILE_VOXELS),
        Layout(("vertices_px",), Frame.PIXELS),
    ),
}
"""The columns that each kind of place may have; a table has those of one row. Vertices are a JSON list of
lists of coordinates."""
KINDS = {Form.POINT_3D: "points", Form.BOX_3D: "boxes", Form.POLYGON: "polygons"}
_ON_PLANE = {Form.POINT_3D: Form.POINT, Form.BOX_3D: Form.BOX, Form.POLYGON: Form.POLYGON}
_YES = ("true", "1", "yes")
_AXES = re.compile(r"(scanner\W?)?[RL][AP][IS]\+?", re.IGNORECASE | re.ASCII)
"""What states a frame, whatever its column is called."""


def read_places(
    path: DatasetPath, kind: Form, *, study_ids: Collection[str] | None = None
) -> Written:
    """Read places of one kind; a row that names an axis is of the plane across it.

    Args:
        path: Of the table.
        kind: Points and boxes in the volume, or polygons: a key of `LAYOUTS`.
        study_ids: Every study that may be in it; None where they are not known.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no table of such places, a study's place is in it twice, or a cell is
            wrong.
    """
    table = Table.read(path)
    layout = _layout(table, kind)
    rows: dict[tuple[str, Form], Row] = {}
    spots: dict[str, dict[Form, Spot]] = {}
    for study_id, row in table.by_study(study_ids):
        failed = failure_spot(row)
        axis = None if failed else _axis(row, layout, kind)
        form = _form(row, kind, axis)
        if (first := rows.setdefault((study_id, form), row)) is not row:
            raise InvalidInputError(
                f"{row.at}: the {form.value} of study {study_id} is in row {first.number} already: "
                "wanted one"
            )
        spot = failed or Spots(row.at, form, *layout_points(layout, row), axis)
        spots.setdefault(study_id, {})[form] = spot
    if not rows:
        raise InvalidInputError(f"{table.place}: the table has no row: wanted one for each study")
    placed = [row for row in rows.values() if failure_spot(row) is None]
    _check_frames(table.place, placed)
    check_units(table.place, [_coordinates(layout, row) for row in placed], layout.frame)
    return Written(
        kind=KINDS[kind],
        place=table.place,
        sha256=table.sha256,
        spots=spots,
        forms=frozenset(form for _, form in rows),
        oracles=frozenset(
            study_id
            for (study_id, _), row in rows.items()
            if (row.first("oracle") or "").lower() in _YES
        ),
        confidences={
            study_id: share
            for (study_id, _), row in rows.items()
            if (share := confidence_in(row)) is not None
        },
        study_ids=study_ids,
    )


def _check_frames(place: str, rows: Sequence[Row]) -> None:
    """Refuse a frame in some rows alone, or in a column of another name: the rest would be misplaced."""
    stated = sum("frame" in row.cells for row in rows)
    if 0 < stated < len(rows):
        raise InvalidInputError(f"{place}: {stated} of {len(rows)} rows name a frame: wanted all")
    for row in rows:
        for column, cell in row.cells.items():
            if column not in ("frame", *STUDY_COLUMNS) and _AXES.fullmatch(cell):
                raise InvalidInputError(
                    f"{row.at}: column {shown(column)} says {shown(cell)}: wanted it called frame, if it "
                    "is that of the coordinates, or left out"
                )


def failure_spot(row: Row) -> Spot | None:
    """Return what answers with a row's failure; None where the row has an answer.

    Raises:
        InvalidInputError: There is no such reason.
    """
    failure = failure_in(row)
    return None if failure is None else partial(_failed, failure)


def _failed(failure: Failure, _study: Study) -> Answer:
    return failure


def _layout(table: Table, kind: Form) -> Layout:
    found = [layout for layout in LAYOUTS[kind] if table.columns.issuperset(layout.keys)]
    if len(found) != 1:
        wanted = "; or ".join(", ".join(layout.columns) for layout in LAYOUTS[kind])
        several = "coordinates of several kinds" if found else "no coordinates"
        raise InvalidInputError(f"{table.place}: row 1: {several}: wanted {wanted}")
    return found[0]


def _form(row: Row, kind: Form, axis: Axis | None) -> Form:
    """Return the form of a row: what it says, or by its axis, which a failure may lack."""
    said = row.first("form")
    known = {item.value: item for item in (kind, _ON_PLANE[kind])}
    if said is None:
        return kind if axis is None else _ON_PLANE[kind]
    if said.lower() not in known:
        raise InvalidInputError(f"{row.at}: form {shown(said)}: wanted {' or '.join(known)}")
    return known[said.lower()]


def _axis(row: Row, layout: Layout, kind: Form) -> Axis | None:
    said = row.first("axis")
    if said is None:
        is_flat = layout.frame is Frame.PIXELS
        if kind is Form.POLYGON and not is_flat:
            raise InvalidInputError(f"{row.at}: no axis: wanted axial, coronal or sagittal")
        return Axis.AXIAL if is_flat else None
    try:
        return Axis[said.upper()]
    except KeyError as error:
        raise InvalidInputError(
            f"{row.at}: axis {shown(said)}: wanted axial, coronal or sagittal"
        ) from error


def layout_points(layout: Layout, row: Row) -> tuple[Frame, tuple[Voxel, ...]]:
    """Read a row's coordinates: points as they are, boxes as the edges of their outer voxels.

    Raises:
        InvalidInputError: A coordinate is missing or no finite number, or the frame is unknown.
    """
    words = FRAME_WORDS.get(layout.frame, {"file": layout.frame})
    said = (row.first("frame") or next(iter(words))).lower()
    if said not in words:
        raise InvalidInputError(f"{row.at}: frame {shown(said)}: wanted {' or '.join(words)}")
    if layout.has_vertices:
        return words[said], _vertices(row, layout)
    numbers = _coordinates(layout, row)
    size = 2 if layout.frame is Frame.PIXELS else 3
    points = [_voxel(numbers[at : at + size]) for at in range(0, len(numbers), size)]
    if len(points) == 1:
        return words[said], tuple(points)
    if any(low > high for low, high in zip(*points, strict=True)):
        raise InvalidInputError(f"{row.at}: the box ends before it begins")
    if layout.frame is Frame.FILE_VOXELS:
        beyond = 0.5 if layout.is_inclusive else -0.5
        points = [_moved(points[0], -0.5), _moved(points[1], beyond)]
    return words[said], tuple(points)


def _coordinates(layout: Layout, row: Row) -> list[float]:
    """List the numbers of a row as they are written."""
    if layout.has_vertices:
        size = 2 if layout.frame is Frame.PIXELS else 3
        return [number for vertex in _vertices(row, layout) for number in vertex[:size]]
    return [
        _number(row.cells.get(key), f"{row.at}: {name}")
        for key, name in zip(layout.keys, layout.columns, strict=True)
    ]


def _vertices(row: Row, layout: Layout) -> tuple[Voxel, ...]:
    text, at = row.first(layout.keys[0]), f"{row.at}: {layout.columns[0]}"
    size = 2 if layout.frame is Frame.PIXELS else 3
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{at} {shown(text)}: wanted a JSON list of vertices") from error
    if not isinstance(found, list) or any(
        not isinstance(vertex, list) or len(vertex) != size for vertex in found
    ):
        raise InvalidInputError(f"{at} {shown(text)}: wanted lists of {size} coordinates")
    return tuple(_voxel([_number(item, at) for item in vertex]) for vertex in found)


def _voxel(numbers: Sequence[float]) -> Voxel:
    x, y, *z = numbers
    return x, y, z[0] if z else 0.0


def _moved(at: Voxel, by: float) -> Voxel:
    return at[0] + by, at[1] + by, at[2] + by


def _number(value: object, at: str) -> float:
    number = number_in(str(value))
    if not isfinite(number):
        raise InvalidInputError(f"{at} {shown(value)}: wanted a finite number")
    return number
