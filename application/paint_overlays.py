"""Choose the cases that a reader should see, and draw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gliobench.application.evaluate_cohort import Run
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError
from gliobench.domain.forms import in_volume, point_in_volume
from gliobench.domain.geometry import BoolArray, Box3D, Point, Point3D, Voxel
from gliobench.domain.prediction import (
    Failure,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.regions import Region
from gliobench.domain.report import BackendReport, Overlay
from gliobench.domain.scores import CaseScore, MaskScore, PointScore

WORST_SHOWN = 3
ORDINALS = ("worst", "second worst", "third worst")


@dataclass(frozen=True, slots=True)
class Pick:
    """A case that was chosen, and why: `rank` is a word for its place among all."""

    case: CaseScore
    rank: str


class PaintOverlays:
    """Draws each localising backend's worst cases, its median and its best.

    Every picture cuts through the middle of the reference, so that a missed tumour is seen, and
    has its crosshair where the backend put the centre.

    Args:
        source: Where the studies and references come from.
        painter: Draws.
    """

    def __init__(self, source: StudySource, painter: StudyPainter) -> None:
        self._source = source
        self._painter = painter

    def __call__(
        self, runs: Sequence[Run], reports: Sequence[BackendReport]
    ) -> tuple[Overlay, ...]:
        """Draw the chosen cases; one that cannot be drawn is left out, for the tables tell of it.

        Args:
            runs: Where the predictions are kept.
            reports: The same backends' scores, in the same order.
        """
        return tuple(
            overlay
            for run, report in zip(runs, reports, strict=True)
            for pick in picks(report.cases)
            if (overlay := self._overlay(run, pick, n=len(ranked(report.cases)))) is not None
        )

    def _overlay(self, run: Run, pick: Pick, *, n: int) -> Overlay | None:
        study_id, name = pick.case.study_id, run.manifest.backend
        caption = f"{pick.rank.capitalize()} of {n}: {describe(pick.case)}"
        try:
            found = _found(run, study_id)
            study = self._source.study(study_id)
            reference = self._source.reference(study_id).regions
            png = self._painter.paint(
                study,
                centre_vox=_centre(found),
                regions=_regions(found),
                reference=reference,
                box=_box(found),
                through_vox=_middle(reference),
                title=f"{study_id} · {name}",
            )
        except GliobenchError:
            return None
        return Overlay(study_id=study_id, backend=name, caption=caption, png=png)


def picks(cases: Sequence[CaseScore]) -> list[Pick]:
    """Choose the worst three by centre error, the median and the best, without repeats."""
    order = ranked(cases)
    chosen = dict(zip(range(min(WORST_SHOWN, len(order))), ORDINALS, strict=False))
    if order:
        chosen.setdefault(len(order) // 2, "median")
        chosen.setdefault(len(order) - 1, "best")
    return [Pick(case=order[place], rank=rank) for place, rank in chosen.items()]


def ranked(cases: Sequence[CaseScore]) -> list[CaseScore]:
    """Sort the cases that have a centre error by it, the largest first."""
    known = [(one[0].error_mm, case) for case in cases if (one := centre(case)) is not None]
    return [case for _, case in sorted(known, key=lambda one: (-one[0], one[1].study_id))]


def centre(case: CaseScore) -> tuple[PointScore, Failure | None] | None:
    """Give how far off a centre was, in the volume, or else on the scoring plane, and why it failed.

    Returns:
        None where the case has no score of a point.
    """
    for form in (Form.POINT_3D, Form.POINT):
        outcome = case.localisation.get(form)
        if outcome is not None and isinstance(outcome.score, PointScore):
            return outcome.score, outcome.failure
    return None


def describe(case: CaseScore) -> str:
    """Say in a line how a case went."""
    return ", ".join(_facts(case))


def _facts(case: CaseScore) -> Iterator[str]:
    if (found := centre(case)) is not None:
        score, failure = found
        yield (
            f"not localised ({_words(failure)})"
            if failure
            else f"centre {score.error_mm:.1f} mm off"
        )
    mask = case.localisation.get(Form.MASK)
    if mask is not None and mask.failure is None and isinstance(mask.score, MaskScore):
        yield f"whole-tumour Dice {mask.score.regions[Region.WT].dice:.2f}"
    match case.grade:
        case GradePrediction(grade=grade, probability_hgg=p):
            yield f"graded {grade.value}" + ("" if p is None else f" (P(HGG) = {p:.2f})")
        case Failure() as failure:
            yield f"not graded ({_words(failure)})"
    if case.reference_grade is not None:
        yield f"reference {case.reference_grade.value}"


def _words(failure: Failure) -> str:
    return failure.reason.value.replace("_", " ")


def _found(run: Run, study_id: str) -> Mapping[Form, Localisation | Failure]:
    """Read where a backend said the tumour is, in all forms of the volume that this yields."""
    for prediction in run.store.predictions([run.keys[study_id]]):
        if isinstance(prediction.localisation, LocalisationPrediction):
            answer = prediction.localisation
            return {**answer.answers, **in_volume(answer)}
    return {}


def _centre(found: Mapping[Form, Localisation | Failure]) -> Voxel | None:
    match found.get(Form.POINT_3D), found.get(Form.POINT):
        case Point3D(at=at), _:
            return at
        case _, Point(plane=plane, at=(x, y)):
            place = dict(zip(plane.in_plane_axes, (x, y), strict=True)) | {
                int(plane.axis): float(plane.index)
            }
            return place[0], place[1], place[2]
    return None


def _regions(found: Mapping[Form, Localisation | Failure]) -> Mapping[Region, BoolArray] | None:
    mask = found.get(Form.MASK)
    return mask.regions if isinstance(mask, Mask) else None


def _box(found: Mapping[Form, Localisation | Failure]) -> Box3D | None:
    """Give the box of a backend that has no mask: a mask's own box would say nothing more."""
    box = found.get(Form.BOX_3D)
    return box if isinstance(box, Box3D) and Form.MASK not in found else None


def _middle(reference: Mapping[Region, BoolArray]) -> Voxel | None:
    whole = reference.get(Region.WT)
    return point_in_volume(whole).at if whole is not None and whole.any() else None
