"""Studies of one axial slice each: a table of cases, and a picture and a mask per case."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from math import isfinite
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.slices.mask_picture import read_mask
from gliobench.adapters.slices.picture_file import picture_bytes, picture_shape, read_picture
from gliobench.application.datasets.read_table import read_table
from gliobench.application.ports.dataset_path import DatasetPath, checksum_of, resolved
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.files.tables import Row, column_key
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import canonical, reorient
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown
from gliobench.domain.studies.extent import check_extent
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.lazy import Lazy
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, SliceChoice, Study
from gliobench.domain.studies.study_ids import study_id_of
from gliobench.domain.studies.subjects import Subject, grade_in, patient_in, site_in, study_id_in

CASES_FILE = "cases.csv"
IMAGES = "image"
MASKS = "mask"
_STUDY_ID, _SPACING_MM = column_key("study_id"), column_key("spacing_mm")
_SPACING = re.compile(r"spacing|pixelsize|voxelsize|mmperpixel")
"""In keys of columns that state the edge of a pixel, which would else be the default."""


@final
class SliceStudySource(StudySource):
    """Reads `cases.csv`, `image/<study_id>.png` and `mask/<study_id>.png` in a folder.

    A study is one axial plane. Rows of a picture run to the patient's left and columns to posterior, like
    the axes of BraTS's files: transposed it shows the patient upright. If slices were selected with the
    reference masks, or the selection is not stated, all results on them count as an oracle's.

    Args:
        folder: `cases.csv` has a column `study_id` and may have `patient_id`, `grade`, `site`,
            `spacing_mm` and `slice_choice` (`oracle` or `independent`); a mask is the whole tumour
            and may be absent: see `mask_picture`.
        modality: The modality of the pictures.
        spacing_mm: Edge of a pixel if the table does not state it.
        choice: How the slices were selected if the table does not state it.

    Raises:
        NotFoundError: There is no such folder or table.
        InvalidInputError: The table cannot be read, or the spacing is not positive.
    """

    def __init__(
        self,
        folder: DatasetPath | str,
        *,
        modality: Modality = Modality.T1C,
        spacing_mm: float = 1.0,
        choice: SliceChoice | None = None,
    ) -> None:
        self._folder = resolved(folder)
        self._modality = modality
        self._cases = {
            study_id: case if case.choice else replace(case, choice=choice)
            for study_id, case in _read_cases(self._folder / CASES_FILE, spacing_mm).items()
        }

    def study_ids(self) -> list[str]:
        """List the ids of all studies."""
        return sorted(self._cases)

    def study(self, study_id: str) -> Study:
        """Open a study; its picture is read on first access."""
        case, path = self._case(study_id), self._image(study_id)
        native = self._grid(study_id, path)
        return Study(
            id=study_id,
            patient_id=case.subject.patient_id,
            grid=canonical(native),
            volumes=Lazy((self._modality,), lambda _: _read_plane(path, native)),
            native_grid=native,
            site=case.subject.site,
            slice_choice=case.choice,
        )

    def origin(self, study_id: str) -> Origin:
        """Return a study's patient and acquisition site."""
        return self._case(study_id).subject.origin

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._case(study_id).subject.grade

    def reference(self, study_id: str) -> Reference:
        """Read the grade and the mask of the reference, where they exist."""
        grade = self._case(study_id).subject.grade
        try:
            native, alone = self._grid(study_id, self._image(study_id)), None
        except FaultError:
            # Grade and mask still count the failure: the mask is read on its own grid.
            try:
                native = self._grid(study_id, self._mask(study_id))
            except FaultError:
                return Reference(grade=grade)
            alone = canonical(native)
        try:
            regions, note = self._regions(study_id, native)
        except FaultError as error:
            return Reference(grade=grade, fault=Fault.of_reference(study_id, error))
        noted = Fault(study_id, FaultKind.THRESHOLDED_MASK, note) if note else None
        return Reference(grade=grade, regions=regions, note=noted, grid=alone)

    def _grid(self, study_id: str, path: DatasetPath) -> Grid:
        return _native_grid(path, picture_shape(path), self._case(study_id).spacing_mm)

    def _regions(self, study_id: str, native: Grid) -> tuple[dict[Region, BoolArray], str]:
        path = self._mask(study_id)
        if not path.is_file():
            return {}, ""
        tumour, note = _read_tumour(path, native)
        return {Region.WT: tumour}, note

    def modalities(self) -> tuple[Modality, ...]:
        """Return the modality of the pictures."""
        return (self._modality,)

    @property
    def is_of_slices(self) -> bool:
        """Return that every study is one slice."""
        return True

    def content_hash(self, study_id: str) -> str:
        """Hash the picture, or its store's checksum, with its modality and pixel edge."""
        spacing_mm = self._case(study_id).spacing_mm
        path = self._image(study_id)
        content = checksum_of(path) or sha256(picture_bytes(path)).hexdigest()
        return sha256(f"{self._modality.value} {spacing_mm} {content}\n".encode()).hexdigest()

    def notes(self, study_id: str) -> list[Fault]:
        """Report repeated rows of the table."""
        rows = self._case(study_id).rows
        if len(rows) == 1:
            return []
        detail = f"rows {' and '.join(map(str, rows))} of {CASES_FILE} say the same"
        return [Fault(study_id, FaultKind.REPEATED_ROW, detail)]

    @property
    def labels(self) -> DatasetLabels:
        """The label convention of masks that are pictures."""
        return DatasetLabels(BUILT_IN["tumour"], "masks of slices have two values")

    def _case(self, study_id: str) -> _Case:
        if study_id not in self._cases:
            raise NotFoundError(f"no study {study_id!r} in {self._folder / CASES_FILE}")
        return self._cases[study_id]

    def _image(self, study_id: str) -> DatasetPath:
        return self._folder / IMAGES / f"{self._case(study_id).name}.png"

    def _mask(self, study_id: str) -> DatasetPath:
        return self._folder / MASKS / f"{self._case(study_id).name}.png"


@dataclass(frozen=True, slots=True)
class _Case:
    """A row of the table."""

    name: str
    subject: Subject
    spacing_mm: float
    rows: tuple[int, ...]
    choice: SliceChoice | None


def _native_grid(path: DatasetPath, shape: tuple[int, int], spacing_mm: float) -> Grid:
    grid = Grid(shape=(*shape, 1), affine=np.diag([-spacing_mm, -spacing_mm, 1.0, 1.0]))
    try:
        check_extent(grid)
    except InvalidInputError as error:
        raise FaultyStudyError(FaultKind.UNREADABLE, f"{path}: {error}") from error
    return grid


def _read_plane(path: DatasetPath, native: Grid) -> NDArray[np.float32]:
    """Read a picture as an (I, J, 1) array on the RAS+ grid."""
    picture = read_picture(path)[:, :, None]
    return np.ascontiguousarray(reorient(picture, source=native, target=canonical(native)))


def _read_tumour(path: DatasetPath, native: Grid) -> tuple[BoolArray, str]:
    """Read a mask as an (I, J, 1) array on the RAS+ grid, with a remark."""
    mask = read_mask(path)
    tumour = mask.tumour[:, :, None]
    if tumour.shape != native.shape:
        raise FaultyStudyError(
            FaultKind.SHAPE_MISMATCH,
            f"{path}: {tumour.shape[:2]} pixels: wanted {native.shape[:2]}, as the picture has",
        )
    turned = reorient(tumour, source=native, target=canonical(native))
    return np.ascontiguousarray(turned), mask.note


def _read_cases(path: DatasetPath, spacing_mm: float) -> dict[str, _Case]:
    if not path.is_file():
        raise NotFoundError(f"no file {path}")
    columns, rows = read_table(path)
    if _STUDY_ID not in columns:
        raise InvalidInputError(f"{path}: row 1: wanted a column study_id")
    others = [heading for key, heading in columns.items() if _SPACING.search(key)]
    if others and _SPACING_MM not in columns:
        raise InvalidInputError(
            f"{path}: row 1: column {shown(others[0])} is not read: wanted spacing_mm, the edge of a pixel"
        )
    cases: dict[str, _Case] = {}
    for row in rows:
        case = _read_case(row, spacing_mm)
        study_id = study_id_of(case.name)
        first = cases.setdefault(study_id, case)
        if first is not case:
            if replace(first, rows=()) != replace(case, rows=()):
                raise InvalidInputError(
                    f"{row.at}: {study_id} is in row {first.rows[0]} already, which says "
                    "something else of it: wanted one row for each study"
                )
            cases[study_id] = replace(first, rows=(*first.rows, row.number))
    if not cases:
        raise InvalidInputError(f"{path}: the table has no row: wanted one for each study")
    return cases


def _read_case(row: Row, spacing_mm: float) -> _Case:
    name = row.first(_STUDY_ID) or ""
    subject = Subject.named(study_id_in(row, name))
    return _Case(
        name=name,
        subject=replace(
            subject,
            patient_id=patient_in(row) or subject.patient_id,
            grade=grade_in(row),
            site=site_in(row),
        ),
        spacing_mm=_spacing_mm(row, spacing_mm),
        rows=(row.number,),
        choice=_choice(row),
    )


def _choice(row: Row) -> SliceChoice | None:
    stated = row.first(column_key("slice_choice"))
    if stated is None:
        return None
    try:
        return SliceChoice(stated.strip().lower())
    except ValueError as error:
        raise InvalidInputError(
            f"{row.at}: slice_choice {shown(stated)}: wanted oracle or independent, or nothing"
        ) from error


def _spacing_mm(row: Row, by_default: float) -> float:
    value = row.first(_SPACING_MM) or by_default
    try:
        spacing_mm = float(value)
    except ValueError:
        spacing_mm = float("nan")
    if not (isfinite(spacing_mm) and spacing_mm > 0):
        raise InvalidInputError(f"{row.at}: spacing of {shown(value)} mm: wanted a positive number")
    return spacing_mm
