"""Scores in columns: what summaries and comparisons compute from, for a million studies at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.case_columns import (
    ABSENT,
    CHOICES,
    REASONS,
    REFERENCE,
    UNKNOWN,
    Columns,
    RowColumns,
    columns_of,
    mark_name,
)
from gliobench.domain.evaluation.frames import MARKED
from gliobench.domain.evaluation.score_rows import row_of
from gliobench.domain.evaluation.scores import CaseScore, reference_name
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.metrics.measures import Measure, leading
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

Texts: TypeAlias = NDArray[np.object_]
"""(N,) str or None; runs over one cohort share the strings."""
AT_ONCE = 4096
"""Cases in memory while a table is made."""
ROUNDED = 3
"""Decimals of mm³ to which two runs have to agree on a tumour."""


@dataclass(frozen=True, eq=False)
class CaseTable:
    """Scores of N studies by one backend, in columns of numbers.

    A study takes some 500 bytes, where a `CaseScore` takes several thousand. It leaves out what no
    summary is made of: raw answers, details of failures, outlines, answers in the volume.

    Args:
        columns: (N,) each, by name; those of forms that were not asked for are absent.
    """

    columns: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, cases: Cases) -> CaseTable:
        """Lay cases out, in the order given, a few thousand of them in memory; a table is itself."""
        if isinstance(cases, CaseTable):
            return cases
        left = iter(cases)
        return cls.joined(
            columns_of(RowColumns([row_of(case) for case in batch]))
            for batch in iter(lambda: list(islice(left, AT_ONCE)), [])
        )

    @classmethod
    def joined(cls, batches: Iterable[Columns]) -> CaseTable:
        """Put columns together, a batch after the other, as `columns_of` gives them."""
        everything = columns_of(RowColumns([]))
        parts = list(batches) or [everything]
        asked = {form for form in Form if any(part[f"{form.value}.asked"].any() for part in parts)}
        idle = tuple(f"{form.value}." for form in Form if form not in asked)
        idle += tuple(region for region in _REGIONS if not _is_scored(region, parts))
        there = {name for part in parts for name in part}
        names = (name for name in dict.fromkeys(chain(everything, *parts)) if name in there)
        lengths = [len(part["study_id"]) for part in parts]
        return cls(
            {
                name: np.concatenate(
                    [
                        part.pop(name) if name in part else np.full(n, np.nan)
                        for part, n in zip(parts, lengths, strict=True)
                    ]
                )
                for name in names
                if not name.startswith(idle)
            }
        )

    def __len__(self) -> int:
        return len(self.study_ids)

    def take(self, chosen: NDArray[Any]) -> CaseTable:
        """Keep some of the studies: (M,) positions in the order wanted, or (N,) bool."""
        return CaseTable({name: values[chosen] for name, values in self.columns.items()})

    def sharing(self, other: CaseTable) -> CaseTable:
        """Hold columns that equal those of another table as one array with it.

        Of a run over the same cohort that is half of them: names, facts and references.
        """
        return CaseTable(
            {
                name: other.columns[name] if _equal(values, other.columns.get(name)) else values
                for name, values in self.columns.items()
            }
        )

    def of_forms(self, *forms: Form) -> CaseTable:
        """Select the columns of these forms, and of the grades; nothing is copied."""
        others = tuple(f"{form.value}." for form in Form if form not in forms)
        kept = {name: item for name, item in self.columns.items() if not name.startswith(others)}
        return CaseTable(kept)

    @property
    def study_ids(self) -> Texts:
        """(N,) str."""
        return self.columns["study_id"]

    @property
    def patients(self) -> Texts:
        """(N,) str, whose study it is."""
        return self.columns["patient"]

    @property
    def sites(self) -> Texts:
        """(N,) str, None where it is not known."""
        return self.columns["site"]

    @property
    def images(self) -> Texts:
        """(N,) str, each study's `image_hash`; None where there is none."""
        return self.columns["image"]

    @property
    def has_grade(self) -> BoolArray:
        """(N,) bool, where the reference has a grade."""
        return np.asarray(self.columns["reference"] != UNKNOWN)

    @property
    def hgg(self) -> BoolArray:
        """(N,) bool, where the reference is HGG; False where it is not known."""
        return np.asarray(self.columns["reference"] == 1)

    @property
    def reference_grades(self) -> list[Grade | None]:
        """The reference's grades."""
        names = {1: Grade.HGG, 0: Grade.LGG, UNKNOWN: None}
        return [names[item] for item in self.columns["reference"].tolist()]

    @property
    def tumour_free(self) -> BoolArray:
        """(N,) bool, where the reference says that there is no tumour."""
        return self.columns["tumour_free"]

    @property
    def found_tumour(self) -> BoolArray:
        """(N,) bool, where the backend says that there is a tumour."""
        return np.asarray(self.columns["found"] == 1)

    @property
    def found_none(self) -> BoolArray:
        """(N,) bool, where the backend says that there is none."""
        return np.asarray(self.columns["found"] == 0)

    @property
    def image_faults(self) -> dict[str, str]:
        """Why a study's images show no brain without its skull, by study id."""
        return self._stated("image_fault")

    @property
    def image_notes(self) -> dict[str, str]:
        """What speaks against any answer about a study's images, by study id."""
        return self._stated("image_note")

    @property
    def reference_faults(self) -> dict[str, str]:
        """Why a part of a study's reference could not be read, by study id."""
        return self._stated("reference_fault")

    @property
    def reference_notes(self) -> dict[str, str]:
        """How a study's reference was read, where that is worth knowing, by study id."""
        return self._stated("reference_note")

    def _stated(self, column: str) -> dict[str, str]:
        found = self.columns[column]
        at = np.flatnonzero(found != None)  # noqa: E711 -- elementwise
        return dict(zip(self.study_ids[at].tolist(), found[at].tolist(), strict=True))

    @property
    def has_plane(self) -> BoolArray:
        """(N,) bool, where the reference shows a tumour."""
        return np.asarray(self.columns["plane_axis"] != UNKNOWN)

    @property
    def oracle(self) -> BoolArray:
        """(N,) bool, where the backend was shown a slice that was chosen with the reference, or counts so."""
        return np.asarray(self.columns["oracle"] | self.chosen_as(SliceChoice.NOT_STATED))

    @property
    def simulated(self) -> BoolArray:
        """(N,) bool, where no patient was imaged."""
        return self.columns["simulated"]

    def lacks(self, modality: Modality) -> BoolArray:
        """(N,) bool, where the study is known to lack a modality."""
        return np.asarray(self.columns["absent"] & ABSENT[modality] != 0)

    def chosen_as(self, choice: SliceChoice) -> BoolArray:
        """(N,) bool, where the only plane of a study was chosen so.

        Of a run whose scores do not say, that is not stated where the study has one plane.
        """
        found = np.asarray(self.columns["slice_choice"] == CHOICES[choice])
        if choice is not SliceChoice.NOT_STATED:
            return found
        silent = self.columns["slice_choice"] == UNKNOWN
        return np.asarray(found | (silent & self.columns["on_one_plane"]))

    @property
    def volume_mm3(self) -> FloatArray:
        """(N,) of the experts' whole tumours; NaN where there is none, or no grid."""
        return self.columns["volume_mm3"]

    @property
    def area_mm2(self) -> FloatArray:
        """(N,) of the experts' whole tumours on the scoring plane; NaN likewise."""
        return self.columns["area_mm2"]

    @property
    def on_one_plane(self) -> BoolArray:
        """(N,) bool, where the scoring plane is all that there is of the study."""
        return self.columns["on_one_plane"]

    @property
    def from_brain_mm(self) -> FloatArray:
        """(N,) from the tumour's centre to the brain's; NaN where the brain is not known."""
        return self.columns["from_brain_mm"]

    @property
    def right_share(self) -> FloatArray:
        """(N,) of the tumour's volume to the patient's right of the brain's centre, or NaN."""
        return self.columns["right_share"]

    @property
    def brain_mm(self) -> FloatArray:
        """(N, 2) the brain's centroid, projected onto the scoring plane; NaN if not known."""
        return self._stack(["brain.x", "brain.y"])

    @property
    def asked_grade(self) -> BoolArray:
        """(N,) bool, where the backend graded or failed to."""
        return self.columns["grade.asked"]

    @property
    def failed_grade(self) -> BoolArray:
        """(N,) bool, where it failed to."""
        return self.columns["grade.failed"]

    @property
    def confidence(self) -> FloatArray:
        """(N,) how sure the backend is of where the tumour is, in [0, 1]; NaN where it does not say."""
        return self.columns["confidence"]

    @property
    def called_hgg(self) -> BoolArray:
        """(N,) bool, where HGG counts as its answer: a failure is the wrong grade."""
        return np.where(self.failed_grade, ~self.hgg, self.columns["grade.hgg"])

    @property
    def probability_hgg(self) -> FloatArray:
        """(N,) in [0, 1], NaN where none was given: a failure is sure of the wrong grade."""
        wrong = (~self.hgg).astype(np.float64)
        return np.where(self.failed_grade, wrong, self.columns["grade.probability"])

    @property
    def grade_sets(self) -> BoolArray:
        """(N, 2) bool, whether a study's set of grades holds LGG, and HGG; without a set neither."""
        held = np.maximum(self.columns["grade.set"], 0)
        return np.column_stack([(held & 1) > 0, (held & 2) > 0])

    @property
    def set_coverage(self) -> FloatArray:
        """(N,) coverage that a study's set of grades states; NaN without a set."""
        return self.columns["grade.set_coverage"]

    @property
    def localised(self) -> Region:
        """The region that represents a mask in one number: the whole tumour where it is scored."""
        return localised_region([item for item in Region if self._has_scores_of(item)]) or Region.WT

    def _has_scores_of(self, region: Region) -> bool:
        return _score(Form.MASK, leading(Form.MASK), region) in self.columns

    @property
    def forms(self) -> list[Form]:
        """The forms that the backend was asked for in any study."""
        return [form for form in Form if f"{form.value}.asked" in self.columns]

    def asked(self, form: Form) -> BoolArray:
        """(N,) bool, where the backend was asked for a form."""
        return self._column(f"{form.value}.asked", absent=False)

    def failed(self, form: Form) -> BoolArray:
        """(N,) bool, where it failed to give one."""
        return self._column(f"{form.value}.failed", absent=False)

    def scores(self, form: Form, measure: Measure, region: Region | None = None) -> FloatArray:
        """Return the scores of a form, a failure's the worst.

        Returns:
            (N,), 0.0 and 1.0 for no and yes; NaN where the form was not asked for, or the reference
            allows no score.
        """
        if (bar := measure.of_scores) is None:
            return self._column(_score(form, measure, region), absent=np.nan)
        scores = self.scores(form, bar.measure, region)
        return np.where(np.isnan(scores), np.nan, scores >= bar.at_least)

    def is_scored(self, form: Form, measure: Measure, region: Region | None = None) -> bool:
        """Return whether a form is scored in a measure that it may be scored in."""
        return measure.chosen_by is None or _score(form, measure, region) in self.columns

    def reference_mm3(self, region: Region) -> FloatArray:
        """(N,) of a region in the reference, where a mask was asked for; 0 where it lacks it."""
        return self._column(f"{Form.MASK.value}.{reference_name(region)}", absent=np.nan)

    def marks(self, form: Form) -> FloatArray:
        """(N, M) where a form on the plane lies, as `MARKED` lists it; NaN where none was given."""
        return self._stack([mark_name(form, name) for name in MARKED[form]])

    def reference_marks(self, form: Form) -> FloatArray:
        """(N, M) the experts' tumours likewise; NaN where there is none, or no grid."""
        return self._stack([mark_name(form, name, REFERENCE) for name in MARKED[form]])

    @property
    def n_failed(self) -> int:
        """Studies in which a grade or a form failed."""
        return int(self.has_failed.sum())

    @property
    def has_failed(self) -> BoolArray:
        """(N,) bool, where a grade or a form failed."""
        return np.asarray(self.columns["reasons"] != 0)

    def failed_for(self, reason: FailureReason) -> BoolArray:
        """(N,) bool, where a grade or a form failed for a reason."""
        return np.asarray(self.columns["reasons"] & REASONS[reason] != 0)

    def _stack(self, names: list[str]) -> FloatArray:
        return np.column_stack([self._column(name, absent=np.nan) for name in names])

    def _column(self, name: str, *, absent: float) -> NDArray[Any]:
        """Look up a column of a form; those that were not asked for are not kept."""
        found = self.columns.get(name)
        return np.full(len(self), absent) if found is None else found


def _equal(values: NDArray[Any], others: NDArray[Any] | None) -> bool:
    if others is None or values.dtype != others.dtype:
        return False
    return np.array_equal(values, others, equal_nan=values.dtype.kind == "f")


_REGIONS = tuple(f"{Form.MASK.value}.{region.value}_" for region in Region)
"""How the columns of each region of a mask begin."""


def _score(form: Form, measure: Measure, region: Region | None) -> str:
    return f"{form.value}.{measure.score_name(region)}"


def _is_scored(region: str, parts: Sequence[Columns]) -> bool:
    """Return whether any study has a score in a region; a run has no column of the other regions."""
    return any(
        not np.isnan(values).all()
        for part in parts
        for name, values in part.items()
        if name.startswith(region)
    )


Cases: TypeAlias = CaseTable | Iterable[CaseScore]
"""Scores, one a study, in either shape."""


def align(tables: Sequence[CaseTable]) -> list[CaseTable]:
    """Keep the studies that all tables have, in the order of their ids; each once, the last."""
    first = tables[0].study_ids
    if all(table.study_ids is first for table in tables) and (first[1:] > first[:-1]).all():
        return list(tables)
    places = [{item: at for at, item in enumerate(table.study_ids.tolist())} for table in tables]
    ids = sorted(set(places[0]).intersection(*places[1:]))
    return [
        table
        if table.study_ids.tolist() == ids
        else table.take(np.fromiter((place[item] for item in ids), np.intp, len(ids)))
        for table, place in zip(tables, places, strict=True)
    ]


def differ_in_truth(one: CaseTable, other: CaseTable) -> BoolArray:
    """(N,) bool, where two tables of the same studies were scored against different references."""
    exact = ("patient", "reference", "tumour_free", "plane_axis", "plane_index")
    if all(one.columns[name] is other.columns[name] for name in (*exact, "volume_mm3")):
        return np.zeros(len(one), dtype=np.bool_)
    apart = [one.columns[name] != other.columns[name] for name in exact]
    first, second = (np.round(table.volume_mm3, ROUNDED) for table in (one, other))
    apart.append((first != second) & ~(np.isnan(first) & np.isnan(second)))
    return np.asarray(np.logical_or.reduce(apart), dtype=np.bool_)
