"""The columns of a table of scores, computed from rows of scores wherever those are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.frames import MARKED, Frames
from gliobench.domain.evaluation.score_columns import REMARKS
from gliobench.domain.evaluation.score_rows import absent_in
from gliobench.domain.evaluation.scores import score_names
from gliobench.domain.evaluation.stored_columns import RowColumns, StoredColumns
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import EVERY_SET
from gliobench.domain.predictions.prediction import NEITHER, FailureReason, Form
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

Columns: TypeAlias = dict[str, NDArray[Any]]

REASONS = {reason: 1 << at for at, reason in enumerate(FailureReason)}
"""One bit per reason, so that one number holds all failure reasons of a study."""
CHOICES = {choice: at for at, choice in enumerate(SliceChoice)}
"""A number for each way of choosing the only plane of a study."""
ABSENT = {modality: 1 << at for at, modality in enumerate(Modality)}
"""One bit per modality, so that one number holds all that a study lacks."""
SETS = {NEITHER: 0, "LGG": 1, "HGG": 2, "LGG HGG": 3}
"""A number for each set of grades: 1 for LGG plus 2 for HGG."""
UNKNOWN = -1
TEXTS = {"study_id": "study_id", "patient": "patient_id", "site": "site", "image": "image_hash"}
"""Columns of words, and the columns of rows that they come from."""
REFERENCE = "reference."
IN_VOLUME = (Form.POINT_3D, Form.BOX_3D)
"""Forms whose middles are kept, in voxels of the study's grid."""
CENTRE, VOXEL_MM = "centre", "voxel_mm"
"""Of the experts' whole tumour in voxels, and the edges of these: three columns each, see `by_axis`."""


def columns_of(stored: StoredColumns) -> Columns:
    """Lay rows out: (N,) each, by name, whether any row has something to say there or not.

    Raises:
        LookupError, ValueError, TypeError: They are no rows of `score_rows.row_of`.
    """
    columns: Columns = {name: stored.words(source) for name, source in TEXTS.items()}
    columns |= {name: _remarks(stored, name) for name in REMARKS}
    columns["found"] = _whole(stored.numbers("found_tumour"), np.int8)
    columns |= {name: stored.numbers(name) == 1 for name in ("tumour_free", "oracle")}
    columns["reference"] = _grades(stored, "reference_grade")
    columns["simulated"] = _simulated(stored)
    columns["confidence"] = stored.numbers("confidence")
    columns["slice_choice"] = stored.coded(
        "slice_choice", lambda word: CHOICES[SliceChoice(word)], absent=UNKNOWN
    ).astype(np.int8)
    columns["absent"] = stored.coded(
        "absent_modalities",
        lambda words: sum(ABSENT[modality] for modality in absent_in(words)),
        absent=0,
    ).astype(np.int8)
    columns |= _grading(stored)
    for form in Form:
        columns |= _scores(stored, form)
    columns["reasons"] = _reasons(stored)
    return columns | _planes(stored) | _places(stored)


def joined_columns(batches: Iterable[Columns]) -> Columns:
    """Put columns together, a batch after the other, without those that say nothing.

    Args:
        batches: As `columns_of` gives them.
    """
    everything, rest = columns_of(RowColumns([])), iter(batches)
    names, there = dict.fromkeys(everything), set[str]()
    lengths, parts = list[int](), list[Columns]()
    for part in chain([next(rest, everything)], rest):
        names |= dict.fromkeys(part)
        there |= part.keys()
        lengths.append(len(part["study_id"]))
        parts.append({name: values for name, values in part.items() if not _is_silent(values)})
    asked = {form for form in Form if any(part[f"{form.value}.asked"].any() for part in parts)}
    idle = tuple(f"{form.value}." for form in Form if form not in asked)
    idle += tuple(
        region for region in _REGIONS if not any(name.startswith(region) for name in chain(*parts))
    )
    return {
        name: np.concatenate(
            [
                part.pop(name) if name in part else np.full(n, np.nan)
                for part, n in zip(parts, lengths, strict=True)
            ]
        )
        for name in names
        if name in there and not name.startswith(idle)
    }


_REGIONS = tuple(f"{Form.MASK.value}.{region.value}_" for region in Region)
"""How the columns of each region of a mask begin; a run has no scores of the others."""


def _is_silent(values: NDArray[Any]) -> bool:
    return values.dtype == np.float64 and bool(np.isnan(values).all())


def read_columns() -> list[str]:
    """Name the columns of rows that are read: words of models stay where they are."""
    return list(_read())


def _read() -> Iterator[str]:
    yield from (*TEXTS.values(), *REMARKS, *(f"{name}_detail" for name in REMARKS))
    yield from ("found_tumour", "tumour_free", "reference_grade", "oracle", "slice_choice")
    yield from ("confidence", "grade_set", "set_coverage")
    yield from ("simulated", "absent_modalities", "grade", "probability_hgg", "grade_failure")
    yield from ("scoring_plane", "scoring_plane_axis", "grid_shape", "grid_affine")
    yield from ("target_volume_mm3", "target_area_mm2", "target_right_share", "target_centre")
    yield "brain_centroid"
    for form in Form:
        yield from (f"{form.value}_answered", f"{form.value}_failure")
        yield from (f"{form.value}_{name}" for name in score_names(form, sets=EVERY_SET))
    for form in MARKED:
        yield from (f"{form.value}_answer", f"target_{form.value}")
    for form in IN_VOLUME:
        yield f"{form.value}_answer"


def mark_name(form: Form, name: str, whose: str = "") -> str:
    """Name the column of a mark: the backend's, or with `REFERENCE` the experts'."""
    return f"{form.value}.{whose}{name}"


def by_axis(name: str) -> tuple[str, str, str]:
    """Name the three columns of a place in the volume."""
    return f"{name}.i", f"{name}.j", f"{name}.k"


def _remarks(stored: StoredColumns, name: str) -> NDArray[np.object_]:
    remarks, details = stored.words(name), stored.words(f"{name}_detail")
    for at in np.flatnonzero(stored.there(name)):
        remarks[at] = f"{remarks[at]}: {details[at]}"
    return remarks


def _simulated(stored: StoredColumns) -> BoolArray:
    """Return which studies are simulated: by the patient's name where the row does not say."""
    said = stored.numbers("simulated")
    if not np.isnan(said).any():
        return np.asarray(said == 1)
    named = stored.coded("patient_id", lambda name: int(is_phantom(name)), absent=0)
    return np.asarray(np.where(np.isnan(said), named == 1, said == 1))


def _grades(stored: StoredColumns, name: str) -> NDArray[np.int8]:
    codes = stored.coded(name, lambda word: int(Grade(word) is Grade.HGG), absent=UNKNOWN)
    return codes.astype(np.int8)


def _grading(stored: StoredColumns) -> Columns:
    graded, failed = stored.there("grade"), stored.there("grade_failure")
    return {
        "grade.asked": graded | failed,
        "grade.failed": failed & ~graded,
        "grade.hgg": _grades(stored, "grade") == 1,
        "grade.probability": np.where(graded, stored.numbers("probability_hgg"), np.nan),
        "grade.set": stored.coded("grade_set", SETS.__getitem__, absent=UNKNOWN).astype(np.int8),
        "grade.set_coverage": stored.numbers("set_coverage"),
    }


def _scores(stored: StoredColumns, form: Form) -> Columns:
    asked = stored.there(f"{form.value}_answered")
    failed = asked & stored.there(f"{form.value}_failure")
    columns: Columns = {f"{form.value}.asked": asked, f"{form.value}.failed": failed}
    for name in score_names(form, sets=EVERY_SET):
        if form is Form.MASK and not stored.has(f"{form.value}_{name}"):
            continue  # of a region that the run's label convention lacks, or of no set of the run
        scores = stored.numbers(f"{form.value}_{name}")
        columns[f"{form.value}.{name}"] = np.where(asked, scores, np.nan)
    return columns


def _reasons(stored: StoredColumns) -> NDArray[np.int64]:
    def bits(name: str) -> NDArray[np.int64]:
        return stored.coded(name, lambda word: REASONS[FailureReason(word)], absent=0)

    found = np.where(stored.there("grade"), 0, bits("grade_failure"))
    for form in Form:
        asked = stored.there(f"{form.value}_answered")
        found |= np.where(asked, bits(f"{form.value}_failure"), 0)
    return found


def _planes(stored: StoredColumns) -> Columns:
    axis, index = stored.numbers("scoring_plane_axis"), stored.numbers("scoring_plane")
    nowhere = np.isnan(axis) | np.isnan(index)
    return {
        "plane_axis": _whole(np.where(nowhere, np.nan, axis), np.int8),
        "plane_index": _whole(np.where(nowhere, np.nan, index), np.int32),
    }


def _places(stored: StoredColumns) -> Columns:
    """Measure where brains, answers and references lie on their planes, and whether those are all."""
    affine = stored.lists("grid_affine").of_length(16)
    brain = stored.lists("brain_centroid").of_length(3)
    frames = Frames.of(
        axis=_planes(stored)["plane_axis"].astype(np.intp),
        shape=stored.lists("grid_shape").of_length(3),
        affine=affine,
    )
    apart = _in_mm(affine, stored.lists("target_centre").of_length(3)) - _in_mm(affine, brain)
    columns: Columns = {
        "volume_mm3": stored.numbers("target_volume_mm3"),
        "area_mm2": stored.numbers("target_area_mm2"),
        "right_share": stored.numbers("target_right_share"),
        "from_brain_mm": np.linalg.norm(apart, axis=1),
        "on_one_plane": frames.alone,
    }
    columns |= zip(("brain.x", "brain.y"), frames.projected(brain).T, strict=True)
    for form, names in MARKED.items():
        for whose, source in (("", f"{form.value}_answer"), (REFERENCE, f"target_{form.value}")):
            marks = frames.marks(form, stored.lists(source)).T
            named = [mark_name(form, name, whose) for name in names]
            columns |= zip(named, marks, strict=True)
    return columns | _in_volume(stored, affine)


def _in_volume(stored: StoredColumns, affine: FloatArray) -> Columns:
    box = stored.lists(f"{Form.BOX_3D.value}_answer").of_length(6)
    found = {
        Form.POINT_3D.value: stored.lists(f"{Form.POINT_3D.value}_answer").of_length(3),
        Form.BOX_3D.value: (box[:, :3] + box[:, 3:] - 1) / 2,
        CENTRE: stored.lists("target_centre").of_length(3),
        VOXEL_MM: np.linalg.norm(affine.reshape(-1, 4, 4)[:, :3, :3], axis=1),
    }
    return {
        name: values
        for whose, places in found.items()
        for name, values in zip(by_axis(whose), places.T.astype(np.float32), strict=True)
    }


def _in_mm(affine: FloatArray, voxels: FloatArray) -> FloatArray:
    matrix = affine.reshape(-1, 4, 4)
    return np.asarray(np.einsum("nij,nj->ni", matrix[:, :3, :3], voxels) + matrix[:, :3, 3])


def _whole(numbers: FloatArray, kind: type[Any]) -> NDArray[Any]:
    return np.where(np.isnan(numbers), UNKNOWN, numbers).astype(kind)
