"""The table of scores as columns of numbers, without making a case of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import intern
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gliobench.adapters.parquet.score_rows import LATER, REFERENCE, TOLD
from gliobench.domain.evaluation.case_columns import (
    CHOICES,
    REASONS,
    UNKNOWN,
    Columns,
    place_columns,
)
from gliobench.domain.evaluation.frames import MARKED, Frames, Ragged
from gliobench.domain.evaluation.scores import score_names
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.studies.patients import is_phantom
from gliobench.domain.studies.study import Grade, SliceChoice

IMAGE = "image_hash"
_WORDS = pa.string()
FOUND = "found_tumour"
FREE = "tumour_free"
_KEPT_AS = {"study_id": "study_id", "patient": "patient_id", "site": "site", "image": IMAGE}


def columns_of(batch: pa.RecordBatch) -> Columns:
    """Lay rows of scores out as `case_columns.columns_of` does their cases.

    Raises:
        LookupError, ValueError, TypeError: They are no rows of `score_rows.score_table`.
    """
    columns: Columns = {name: _texts(_kept(batch, kept)) for name, kept in _KEPT_AS.items()}
    columns |= {name: _faults(batch, name) for name in TOLD}
    columns["found"] = _found(batch)
    columns["tumour_free"] = _flags(_kept(batch, FREE, pa.bool_()))
    columns["reference"] = _codes(batch["reference_grade"]).astype(np.int8)
    columns["oracle"] = _flags(batch["oracle"])
    columns["simulated"] = _simulated(batch)
    columns["slice_choice"] = _choices(_kept(batch, "slice_choice"))
    columns |= _grades(batch)
    for form in Form:
        columns |= _scores(batch, form)
    columns["reasons"] = _reasons(batch)
    return columns | _planes(batch) | _places(batch)


def wanted_columns() -> list[str]:
    """Name the columns of the table that are read: words of models stay where they are."""
    return list(_wanted())


def _wanted() -> Iterator[str]:
    yield from (
        *_KEPT_AS.values(),
        *REFERENCE,
        "reference_grade",
        "oracle",
        "slice_choice",
        "simulated",
        "grade",
        "probability_hgg",
    )
    yield from ("grade_failure", "scoring_plane", "scoring_plane_axis", "grid_shape", "grid_affine")
    yield from ("target_volume_mm3", "target_area_mm2", "target_right_share", "target_centre")
    yield "brain_centroid"
    for form in Form:
        yield from (f"{form.value}_answered", f"{form.value}_failure")
        yield from (f"{form.value}_{name}" for name in score_names(form))
    for form in MARKED:
        yield from (f"{form.value}_answer", f"target_{form.value}")


def _grades(batch: pa.RecordBatch) -> Columns:
    graded, failed = _there(batch["grade"]), _there(batch["grade_failure"])
    return {
        "grade.asked": graded | failed,
        "grade.failed": failed & ~graded,
        "grade.hgg": _codes(batch["grade"]) == 1,
        "grade.probability": np.where(graded, _numbers(batch["probability_hgg"]), np.nan),
    }


def _scores(batch: pa.RecordBatch, form: Form) -> Columns:
    asked = _there(batch[f"{form.value}_answered"])
    failed = asked & _there(batch[f"{form.value}_failure"])
    columns: Columns = {f"{form.value}.asked": asked, f"{form.value}.failed": failed}
    for name in score_names(form):
        kept = f"{form.value}_{name}"
        if form is Form.MASK and kept not in {*batch.schema.names, *LATER}:
            continue  # of a region that the run's label convention does not have
        scores = _numbers(_kept(batch, kept, pa.float64()))
        columns[f"{form.value}.{name}"] = np.where(asked, scores, np.nan)
    return columns


def _reasons(batch: pa.RecordBatch) -> NDArray[np.int64]:
    found = np.where(_there(batch["grade"]), 0, _bits(batch["grade_failure"]))
    for form in Form:
        asked = _there(batch[f"{form.value}_answered"])
        found |= np.where(asked, _bits(batch[f"{form.value}_failure"]), 0)
    return found


def _planes(batch: pa.RecordBatch) -> Columns:
    axis, index = batch["scoring_plane_axis"], batch["scoring_plane"]
    there = _there(axis) & _there(index)
    return {
        "plane_axis": np.where(there, _whole(axis), UNKNOWN).astype(np.int8),
        "plane_index": np.where(there, _whole(index), UNKNOWN).astype(np.int32),
    }


def _places(batch: pa.RecordBatch) -> Columns:
    affine = _ragged(batch["grid_affine"]).of_length(16)
    brain = _ragged(batch["brain_centroid"]).of_length(3)
    frames = Frames.of(
        axis=_planes(batch)["plane_axis"].astype(np.intp),
        shape=_ragged(batch["grid_shape"]).of_length(3),
        affine=affine,
    )
    apart = _in_mm(affine, _ragged(batch["target_centre"]).of_length(3)) - _in_mm(affine, brain)
    columns: Columns = {
        "volume_mm3": _numbers(batch["target_volume_mm3"]),
        "area_mm2": _numbers(batch["target_area_mm2"]),
        "right_share": _numbers(batch["target_right_share"]),
        "from_brain_mm": np.linalg.norm(apart, axis=1),
    }
    return columns | place_columns(
        frames,
        brain,
        {form: _ragged(batch[f"{form.value}_answer"]) for form in MARKED},
        {form: _ragged(batch[f"target_{form.value}"]) for form in MARKED},
    )


def _in_mm(affine: FloatArray, voxels: FloatArray) -> FloatArray:
    matrix = affine.reshape(-1, 4, 4)
    return np.asarray(np.einsum("nij,nj->ni", matrix[:, :3, :3], voxels) + matrix[:, :3, 3])


def _there(column: pa.Array) -> BoolArray:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _faults(batch: pa.RecordBatch, name: str) -> NDArray[np.object_]:
    kinds, details = (_kept(batch, one).to_pylist() for one in (name, f"{name}_detail"))
    told = [
        None if kind is None else f"{kind}: {detail}"
        for kind, detail in zip(kinds, details, strict=True)
    ]
    return np.array(told, dtype=object)


def _kept(batch: pa.RecordBatch, name: str, kind: pa.DataType = _WORDS) -> pa.Array:
    """Look up a column; it is empty in runs of versions that did not have it."""
    if name in LATER and name not in batch.schema.names:
        return pa.nulls(len(batch), kind)
    return batch[name]


def _found(batch: pa.RecordBatch) -> NDArray[np.int8]:
    found = _kept(batch, FOUND, pa.bool_()).cast(pa.int8()).fill_null(UNKNOWN)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int8)


def _flags(column: pa.Array) -> BoolArray:
    return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _simulated(batch: pa.RecordBatch) -> BoolArray:
    """Tell of each study whether it is simulated; by the patient's name where the row does not say."""
    said = _kept(batch, "simulated", pa.bool_())
    if not said.null_count:
        return _flags(said)
    named = _looked_up(batch["patient_id"], lambda name: int(is_phantom(name)), absent=0)
    return np.asarray(np.where(_there(said), _flags(said), named == 1), dtype=np.bool_)


def _choices(column: pa.Array) -> NDArray[np.int8]:
    return _looked_up(column, lambda name: CHOICES[SliceChoice(name)], absent=UNKNOWN).astype(
        np.int8
    )


def _texts(column: pa.Array) -> NDArray[np.object_]:
    """Read words; runs over one cohort share them."""
    words = [None if one is None else intern(one) for one in column.to_pylist()]
    return np.array(words, dtype=object)


def _codes(column: pa.Array) -> NDArray[np.int64]:
    return _looked_up(column, lambda name: int(Grade(name) is Grade.HGG), absent=UNKNOWN)


def _bits(column: pa.Array) -> NDArray[np.int64]:
    return _looked_up(column, lambda name: REASONS[FailureReason(name)], absent=0)


def _looked_up(
    column: pa.Array, number_of: Callable[[str], int], *, absent: int
) -> NDArray[np.int64]:
    """Turn words into numbers, each different one once."""
    coded = column.dictionary_encode()
    numbers = np.array([*map(number_of, coded.dictionary.to_pylist()), absent], dtype=np.int64)
    return np.asarray(numbers[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)])


def _numbers(column: pa.Array) -> FloatArray:
    """Read numbers, or yes and no; NaN where there is none."""
    return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))


def _whole(column: pa.Array) -> NDArray[Any]:
    return np.asarray(column.fill_null(UNKNOWN).to_numpy(zero_copy_only=False))


def _ragged(column: pa.ListArray) -> Ragged:
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    return Ragged(_numbers(column.flatten()), lengths.astype(np.intp))
