"""Responses of a backend to controls: movement with the image, and changes on other images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.predictions.prediction import Form, GradePrediction, NoTumour
from gliobench.domain.statistics.bootstrap import REPLICATES, Statistic, resample
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.sampling import SamplingPlan

BARELY_MM = 1.0
"""If mirroring moves answers by less than this on average, they lie on the mirror plane."""

NO_ANSWER = NotEstimable("no study was answered on both images")
NO_SCORE = NotEstimable("no study answered on both images has a reference")
NO_PROBABILITY = NotEstimable("it gives no probabilities")
ON_THE_MIRROR = NotEstimable(
    "the answers lie on the mirror plane, where unmoved and mirrored are the same"
)

Pairs = Sequence[tuple[CaseScore, CaseScore]]
"""Scores of each study on the true image and on the altered one."""


@dataclass(frozen=True, slots=True)
class GradeResponse:
    """What became of a backend's grades.

    Args:
        answered: Share of the grades on true images that are still given.
        flips: Share that turned into the other grade, of those given on both images.
        probability_change: Mean change of the positive class's probability to either side, in [0, 1], of the same.
        accuracy_change: Of the same: the share of right grades, altered less true.
    """

    answered: Measured
    flips: Measured
    probability_change: Measured
    accuracy_change: Measured


@dataclass(frozen=True, slots=True)
class PlaceResponse:
    """What became of a backend's answers in one form; means are over studies answered on both images.

    Args:
        form: On the scoring plane or in the volume.
        answered: Share of the answers on true images that are still given.
        apart_mm: See `Move`; the equivariance error where the image was moved.
        unmoved_mm: What that error would be if every answer had stayed where it was.
        follows: 1 - apart_mm / unmoved_mm: 1 moves with the image, 0 stays where it is, and below
            0 goes the other way. None where the image was not moved.
        overlap: IoU of boxes, Dice of polygons and masks; None for points.
        score_change: Error in mm of points, IoU of boxes, Dice of polygons and of whole tumours:
            altered less true, each against its own reference.
    """

    form: Form
    answered: Measured
    apart_mm: Measured
    unmoved_mm: Measured
    follows: Measured | None
    overlap: Measured | None
    score_change: Measured


@dataclass(frozen=True, slots=True)
class Response:
    """What one backend made of one control.

    Args:
        control: What was done to the images.
        n: Studies that it was done to.
        grades: None where the backend does not grade.
        places: By form.
    """

    control: Control
    n: int
    grades: GradeResponse | None
    places: tuple[PlaceResponse, ...]

    def place(self, form: Form) -> PlaceResponse | None:
        """Look up one form; None where it was not answered."""
        return next((item for item in self.places if item.form is form), None)


def response(
    control: Control,
    *,
    true: Iterable[CaseScore],
    altered: Iterable[CaseScore],
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Response:
    """Compare a backend's answers on altered images with those on the true ones.

    Args:
        control: The alteration of the images.
        true: Scores of the true images; studies that were not altered are ignored.
        altered: Scores of the altered images, with their `moves`.
        replicates: Bootstrap resamples of patients for the percentile intervals.
        seed: Seed of the bootstrap.
    """
    after = {case.study_id: case for case in altered}
    pairs = [(case, after[case.study_id]) for case in true if case.study_id in after]
    forms = {form for item, _ in pairs for form in item.localisation}
    drawing = _Drawing(replicates, seed)
    places = (_place(form, control, pairs, drawing) for form in Form if form in forms)
    return Response(control, len(pairs), _grades(pairs, drawing), tuple(places))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Which patients the intervals rest on."""

    replicates: int
    seed: int

    def means(self, values: FloatArray, patients: Sequence[str]) -> tuple[Measured, ...]:
        """Average each column of (N, M) values; NaN is left out."""
        return self._measure(MeasuredValues.of(values).means, patients)

    def means_and_follows(self, moved: FloatArray, patients: Sequence[str]) -> tuple[Measured, ...]:
        """Average likewise, and compute the followed share of the motion of the first two columns."""
        known = MeasuredValues.of(moved)

        def statistic(weights: FloatArray) -> FloatArray:
            means = known.means(weights)
            return np.hstack([means, 1 - ratio(means[:, :1], means[:, 1:2])])

        return self._measure(statistic, patients)

    def _measure(self, statistic: Statistic, patients: Sequence[str]) -> tuple[Measured, ...]:
        plan = SamplingPlan.of(patients)
        drawn = resample(statistic, plan, replicates=self.replicates, seed=self.seed)
        return drawn.percentile()


def _grades(pairs: Pairs, drawing: _Drawing) -> GradeResponse | None:
    if all(item.grade is None for item, _ in pairs):
        return None
    asked = [pair for pair in pairs if isinstance(pair[0].grade, GradePrediction)]
    both = [
        (before, after, case)
        for item, case in asked
        if isinstance(before := item.grade, GradePrediction)
        and isinstance(after := case.grade, GradePrediction)
    ]
    answered = wilson(successes=len(both), n=len(asked))
    if not both:
        return GradeResponse(answered, NO_ANSWER, NO_ANSWER, NO_ANSWER)
    values = np.array([_regraded(*item) for item in both])
    patients = [case.patient_id for _, _, case in both]
    change, accuracy = drawing.means(values, patients)
    return GradeResponse(
        answered=answered,
        flips=wilson(successes=sum(a.grade is not b.grade for a, b, _ in both), n=len(both)),
        probability_change=_or(NO_PROBABILITY, values[:, 0], change),
        accuracy_change=_or(NO_SCORE, values[:, 1], accuracy),
    )


def _regraded(
    before: GradePrediction, after: GradePrediction, case: CaseScore
) -> tuple[float, float]:
    """Return the change of P(HGG), and of being right; NaN where either is not known."""
    one, other, truth = before.probability_hgg, after.probability_hgg, case.reference_grade
    change = np.nan if one is None or other is None else abs(other - one)
    right = np.nan if truth is None else float(after.grade is truth) - float(before.grade is truth)
    return change, right


def _place(form: Form, control: Control, pairs: Pairs, drawing: _Drawing) -> PlaceResponse:
    asked = [pair for pair in pairs if _places(pair[0], form)]
    answered = sum(_places(case, form) for _, case in asked)
    share = wilson(successes=answered, n=len(asked))
    both = [pair for pair in asked if form in pair[1].moves]
    if not both:
        nothing = NO_ANSWER if control.moves else None
        return PlaceResponse(form, share, NO_ANSWER, NO_ANSWER, nothing, None, NO_ANSWER)
    values = np.array([_moved(form, *pair) for pair in both])
    patients = [case.patient_id for _, case in both]
    apart, unmoved, overlap, change, follows = drawing.means_and_follows(values, patients)
    return PlaceResponse(
        form=form,
        answered=share,
        apart_mm=apart,
        unmoved_mm=unmoved,
        follows=(follows if values[:, 1].mean() >= BARELY_MM else ON_THE_MIRROR)
        if control.moves
        else None,
        overlap=None if np.isnan(values[:, 2]).all() else overlap,
        score_change=_or(NO_SCORE, values[:, 3], change),
    )


def _places(case: CaseScore, form: Form) -> bool:
    """Return whether a tumour was placed; that there is none is an answer, but no place."""
    outcome = case.localisation.get(form)
    if outcome is None or outcome.failure is not None or case.found_tumour is False:
        return False
    return not isinstance(outcome.answer, NoTumour)


def _moved(form: Form, one: CaseScore, other: CaseScore) -> tuple[float, float, float, float]:
    move: Move = other.moves[form]
    before, after = (_leading(case.localisation.get(form), form) for case in (one, other))
    overlap = np.nan if move.overlap is None else move.overlap
    return move.apart_mm, move.unmoved_mm, overlap, after - before


def _leading(outcome: FormOutcome | None, form: Form) -> float:
    value = outcome.leading(form) if outcome else None
    return np.nan if value is None else value


def _or(reason: NotEstimable, values: FloatArray, measured: Measured) -> Measured:
    return reason if np.isnan(values).all() else measured
