"""Choose the cases that a reader should see, and draw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gliobench.application.evaluate_cohort import Run
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError
from gliobench.domain.evaluation.report import BackendReport, Overlay
from gliobench.domain.evaluation.scores import CaseScore, MaskScore, PointScore
from gliobench.domain.forms import in_volume, point_in_volume, polygon_in_volume
from gliobench.domain.geometry import (
    BoolArray,
    Box,
    Box3D,
    Grid,
    Point,
    Point3D,
    Polygon,
    Voxel,
)
from gliobench.domain.prediction import (
    Failure,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.regions import Region

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
    has its crosshair where the backend put the centre. Where the backend drew on a slice, the
    picture cuts through that slice.

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
                regions=_regions(found, study.grid),
                reference=reference,
                box=_box(found),
                through_vox=_through(found, reference),
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
    """Give how far off a centre was, and why it failed; None where no point was scored."""
    outcome = case.localisation.get(Form.POINT_3D)
    if outcome is None or not isinstance(outcome.score, PointScore):
        return None
    return outcome.score, outcome.failure


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
    point = found.get(Form.POINT_3D)
    return point.at if isinstance(point, Point3D) else None


def _regions(
    found: Mapping[Form, Localisation | Failure], grid: Grid
) -> Mapping[Region, BoolArray] | None:
    match found.get(Form.MASK), found.get(Form.POLYGON):
        case Mask(regions=regions), _:
            return regions
        case _, Polygon() as outline:
            return {Region.WT: polygon_in_volume(outline, grid)}
    return None


def _box(found: Mapping[Form, Localisation | Failure]) -> Box3D | None:
    """Give the box of a backend that has no mask: a mask's own box would say nothing more."""
    if Form.MASK in found:
        return None
    match found.get(Form.BOX_3D), found.get(Form.BOX):
        case Box3D() as box, _:
            return box
        case _, Box() as box:
            return box.in_volume
    return None


def _through(
    found: Mapping[Form, Localisation | Failure], reference: Mapping[Region, BoolArray]
) -> Voxel | None:
    whole = reference.get(Region.WT)
    if whole is None or not whole.any():
        return None
    at = list(point_in_volume(whole).at)
    for answer in found.values():
        if isinstance(answer, (Point, Box, Polygon)):
            at[answer.plane.axis] = float(answer.plane.index)
    return at[0], at[1], at[2]
