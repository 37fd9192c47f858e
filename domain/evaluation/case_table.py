"""Scores in columns: what summaries and comparisons compute from, for a million studies at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar, cast, final

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.case_columns import (
    ABSENT,
    CHOICES,
    REASONS,
    REFERENCE,
    UNKNOWN,
    Columns,
    columns_of,
    joined_columns,
    mark_name,
)
from gliobench.domain.evaluation.frames import MARKED
from gliobench.domain.evaluation.score_rows import row_of
from gliobench.domain.evaluation.scores import CaseScore, reference_name
from gliobench.domain.evaluation.stored_columns import RowColumns
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region, localised_region
from gliobench.domain.metrics.measures import Measure, leading
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.studies.study import Grade, Modality, SliceChoice

Texts: TypeAlias = NDArray[np.object_]
"""(N,) str or None; runs over one cohort share the strings."""
ArrayT = TypeVar("ArrayT", bound=NDArray[Any])
AT_ONCE = 4096
"""Cases in memory while a table is made."""


@final
class Held(Generic[ArrayT]):
    """A column of a table, read as it is; `name` is its name in `CaseTable.columns`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, table: CaseTable, _: type[CaseTable]) -> ArrayT:
        """Look it up."""
        return cast("ArrayT", table.columns[self._name])


@final
class Remarks:
    """A column of words of a table, without the studies of which nothing is said; `name` as above."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, table: CaseTable, _: type[CaseTable]) -> dict[str, str]:
        """Return the words by study id."""
        found = table.columns[self._name]
        at = np.flatnonzero(found != None)  # noqa: E711 -- elementwise
        return dict(zip(table.study_ids[at].tolist(), found[at].tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class CaseTable:
    """Scores of N studies by one backend, in columns of numbers.

    A study takes some 500 bytes, where a `CaseScore` takes several thousand. It leaves out what no
    summary is made of: raw answers, details of failures, outlines, answers in the volume.

    Args:
        columns: (N,) each, by name; those of forms that were not asked for are absent.
    """

    columns: Mapping[str, NDArray[Any]]

    study_ids = Held[Texts]("study_id")
    """(N,) str."""
    patients = Held[Texts]("patient")
    """(N,) str, whose study it is."""
    sites = Held[Texts]("site")
    """(N,) str, None where it is not known."""
    images = Held[Texts]("image")
    """(N,) str, each study's `image_hash`; None where there is none."""
    tumour_free = Held[BoolArray]("tumour_free")
    """(N,) bool, where the reference says that there is no tumour."""
    simulated = Held[BoolArray]("simulated")
    """(N,) bool, where no patient was imaged."""
    volume_mm3 = Held[FloatArray]("volume_mm3")
    """(N,) of the experts' whole tumours; NaN where there is none, or no grid."""
    area_mm2 = Held[FloatArray]("area_mm2")
    """(N,) of the experts' whole tumours on the scoring plane; NaN likewise."""
    on_one_plane = Held[BoolArray]("on_one_plane")
    """(N,) bool, where the scoring plane is all that there is of the study."""
    from_brain_mm = Held[FloatArray]("from_brain_mm")
    """(N,) from the tumour's centre to the brain's; NaN where the brain is not known."""
    right_share = Held[FloatArray]("right_share")
    """(N,) of the tumour's volume to the patient's right of the brain's centre, or NaN."""
    asked_grade = Held[BoolArray]("grade.asked")
    """(N,) bool, where the backend graded or failed to."""
    failed_grade = Held[BoolArray]("grade.failed")
    """(N,) bool, where it failed to."""
    confidence = Held[FloatArray]("confidence")
    """(N,) how sure the backend is of where the tumour is, in [0, 1]; NaN where it does not say."""
    set_coverage = Held[FloatArray]("grade.set_coverage")
    """(N,) coverage that a study's set of grades states; NaN without a set."""
    image_faults = Remarks("image_fault")
    """Why a study's images show no brain without its skull, by study id."""
    image_notes = Remarks("image_note")
    """What speaks against any answer about a study's images, by study id."""
    reference_faults = Remarks("reference_fault")
    """Why a part of a study's reference could not be read, by study id."""
    reference_notes = Remarks("reference_note")
    """How a study's reference was read, where that is worth knowing, by study id."""

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
        return cls(joined_columns(batches))

    def __len__(self) -> int:
        return len(self.study_ids)

    def take(self, chosen: NDArray[Any]) -> CaseTable:
        """Keep some of the studies: (M,) positions in the order wanted, or (N,) bool."""
        return CaseTable({name: values[chosen] for name, values in self.columns.items()})

    def of_forms(self, *forms: Form) -> CaseTable:
        """Select the columns of these forms, and of the grades; nothing is copied."""
        others = tuple(f"{form.value}." for form in Form if form not in forms)
        kept = {name: item for name, item in self.columns.items() if not name.startswith(others)}
        return CaseTable(kept)

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
    def found_tumour(self) -> BoolArray:
        """(N,) bool, where the backend says that there is a tumour."""
        return np.asarray(self.columns["found"] == 1)

    @property
    def found_none(self) -> BoolArray:
        """(N,) bool, where the backend says that there is none."""
        return np.asarray(self.columns["found"] == 0)

    @property
    def has_plane(self) -> BoolArray:
        """(N,) bool, where the reference shows a tumour."""
        return np.asarray(self.columns["plane_axis"] != UNKNOWN)

    @property
    def oracle(self) -> BoolArray:
        """(N,) bool, where the backend was shown a slice that was chosen with the reference, or counts so."""
        return np.asarray(self.columns["oracle"] | self.chosen_as(SliceChoice.NOT_STATED))

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
    def brain_mm(self) -> FloatArray:
        """(N, 2) the brain's centroid, projected onto the scoring plane; NaN if not known."""
        return self.stack(["brain.x", "brain.y"])

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
        return self.stack([mark_name(form, name) for name in MARKED[form]])

    def reference_marks(self, form: Form) -> FloatArray:
        """(N, M) the experts' tumours likewise; NaN where there is none, or no grid."""
        return self.stack([mark_name(form, name, REFERENCE) for name in MARKED[form]])

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

    def stack(self, names: Iterable[str]) -> FloatArray:
        """(N, M) columns side by side; NaN where there is none, as of a form that was not asked for."""
        return np.column_stack([self._column(name, absent=np.nan) for name in names])

    def _column(self, name: str, *, absent: float) -> NDArray[Any]:
        """Look up a column of a form; those that were not asked for are not kept."""
        found = self.columns.get(name)
        return np.full(len(self), absent) if found is None else found


def _score(form: Form, measure: Measure, region: Region | None) -> str:
    return f"{form.value}.{measure.score_name(region)}"


Cases: TypeAlias = CaseTable | Iterable[CaseScore]
"""Scores, one a study, in either shape."""
