"""One layout of scores: a flat row a study, the same in memory, between processes and in Parquet.

A column of a form is `<form>_<measure>`, of a mask `mask_<region>_<measure>`; what was not scored is
absent. `<form>_failure` holds the reason where the form failed, and the measures beside it are the worst;
`<form>_answered` is absent where the form was not asked for. `<form>_answer` holds voxels of the study's
RAS+ grid, and none where the answer is that there is no tumour; `target_*` is the experts' whole tumour,
`grid_affine` a (4, 4) matrix row by row. `<form>_apart_mm`, `_unmoved_mm` and `_overlap` are there where
the images were altered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum

from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.scores import score_names
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import MEASURES, MeasureSet, leading
from gliobench.domain.predictions.prediction import Form

ANSWERS = tuple(form for form in Form if form is not Form.MASK)
"""Forms whose answers are kept beside their scores."""
YES_OR_NO = {measure.score_name() for measure in MEASURES if measure.is_share}
"""Scores that are yes or no of a study; of masks there are none."""
MOVE = tuple(Move.__dataclass_fields__)
REMARKS = ("image_fault", "image_note", "reference_fault", "reference_note")
"""Remarks on images and reference: each in two columns, of its kind and of its detail."""
REFERENCE = ("found_tumour", "tumour_free", *REMARKS, *(f"{name}_detail" for name in REMARKS))
LATER = {
    "image_hash",
    "slice_choice",
    "simulated",
    "absent_modalities",
    "confidence",
    "grade_set",
    "set_coverage",
    "grade_reasons",
    *REFERENCE,
    *(f"{form.value}_{name}" for form in Form for name in MOVE),
    *(
        f"{form.value}_{name}"
        for form in Form
        for name in score_names(form, NESTED)
        if not name.endswith(leading(form).score_name())
    ),
}
"""Columns that runs of older versions lack."""


class Kind(Enum):
    """What a column holds; any value may be absent."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "yes or no"
    WHOLE = "whole number"
    WHOLES = "list of whole numbers"
    NUMBERS = "list of numbers"


def score_columns(
    regions: Collection[Region] = NESTED, sets: Collection[MeasureSet] = ()
) -> Mapping[str, Kind]:
    """Name the columns of scores of masks in these regions, by these sets of measures too."""
    return dict(_columns(regions, sets))


def _columns(
    regions: Collection[Region], sets: Collection[MeasureSet]
) -> Iterator[tuple[str, Kind]]:
    yield from ((name, Kind.TEXT) for name in ("study_id", "patient_id", "site"))
    yield from ((name, Kind.TEXT) for name in ("content_hash", "image_hash"))
    yield from ((name, Kind.TEXT) for name in ("reference_grade", "grade"))
    yield "probability_hgg", Kind.NUMBER
    yield from _failure_columns("grade")
    yield "grade_reasons", Kind.TEXT
    yield from (("scoring_plane", Kind.WHOLE), ("scoring_plane_axis", Kind.WHOLE))
    yield from ((name, Kind.FLAG) for name in ("oracle", "found_tumour", "tumour_free"))
    yield from ((end, Kind.TEXT) for name in REMARKS for end in (name, f"{name}_detail"))
    yield from (("slice_choice", Kind.TEXT), ("simulated", Kind.FLAG))
    yield "absent_modalities", Kind.TEXT
    yield from (
        ("confidence", Kind.NUMBER),
        ("grade_set", Kind.TEXT),
        ("set_coverage", Kind.NUMBER),
    )
    for form in Form:
        yield f"{form.value}_answered", Kind.FLAG
        yield from _failure_columns(form.value)
        for name in score_names(form, regions, sets):
            yield f"{form.value}_{name}", Kind.FLAG if name in YES_OR_NO else Kind.NUMBER
        if form in ANSWERS:
            yield f"{form.value}_answer", Kind.NUMBERS
        yield from ((f"{form.value}_{name}", Kind.NUMBER) for name in MOVE)
    yield from (("grid_shape", Kind.WHOLES), ("grid_affine", Kind.NUMBERS))
    facts = ("volume_mm3", "area_mm2", "right_share")
    yield from ((f"target_{name}", Kind.NUMBER) for name in facts)
    places = ("target_centre", "target_point", "target_box", "target_polygon", "brain_centroid")
    yield from ((name, Kind.NUMBERS) for name in places)


def _failure_columns(what: str) -> Iterator[tuple[str, Kind]]:
    yield from ((f"{what}_{name}", Kind.TEXT) for name in ("failure", "failure_detail", "raw"))
