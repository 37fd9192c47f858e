"""Overlays on a case's slice, in hundredths of the picture's edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import shapely

from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Box, Point, Polygon
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import SliceChoice

Json: TypeAlias = dict[str, Any]

STRAYS = 0.35
"""Largest deviation of a simplified outline: a pixel of the picture is 0.39."""
WORDS_SHOWN = 400
"""Characters shown of a model's raw answer."""


def drawings(book: Casebook) -> list[Json]:
    """Return, for each entry, what the page shows beside the table."""
    return [_drawing(entry, book) for entry in book.entries]


def _drawing(entry: CaseEntry, book: Casebook) -> Json:
    kept, case = entry.kept, entry.any_score
    view = kept.picture.view if kept and kept.picture else None
    drawn: Json = {"id": case.study_id, "backends": []}
    if stamps := list(_stamps(entry)):
        drawn["stamps"] = stamps
    if kept is not None:
        drawn["modality"] = kept.modality.value
        drawn["middle"] = _middle(kept, case)
    if view is not None and case.target is not None and case.target.plane == view.plane:
        drawn["reference"] = _shapes(case.target.places, view)
        drawn["plane"] = f"{view.plane.axis.name.lower()} plane {view.plane.index}"
    for name in book.backends:
        drawn["backends"].append(_answers(entry.scores.get(name), view))
    return drawn


def _stamps(entry: CaseEntry) -> Iterator[str]:
    """Yield the warnings of this case."""
    if entry.any_score.simulated:
        yield "SIMULATED"
    oracles = [name for name, score in entry.scores.items() if score.oracle]
    if oracles:
        unstated = entry.any_score.slice_choice is SliceChoice.NOT_STATED
        warning = "oracle slice (selection not stated)" if unstated else "oracle slice"
        every = len(oracles) == len(entry.scores)
        yield warning if every else f"{warning} for {', '.join(oracles)}"


def _middle(kept: SavedCase, case: CaseScore) -> list[float]:
    """Return the viewer's initial position in fractions of the volume: the tumour, if there is one."""
    if kept.volume is None or case.target is None:
        return [0.5, 0.5, 0.5]
    grid = kept.volume.grid
    at = grid.to_voxel(case.target.grid.to_mm(case.target.centre.at))
    return [round((i + 0.5) / n, 3) for i, n in zip(at, grid.shape, strict=True)]


def _answers(case: CaseScore | None, view: SliceView | None) -> Json:
    if case is None:
        return {}
    answers: Json = {"why": list(dict.fromkeys(_reasons(case))), "words": _words(case)}
    if view is not None:
        found = {
            form: outcome.answer for form, outcome in case.localisation.items() if outcome.answer
        }
        answers |= _shapes(found, view)
    return {name: answer for name, answer in answers.items() if answer}


def _shapes(places: Mapping[Form, object], view: SliceView) -> Json:
    """Draw the answers on the picture's plane."""
    shapes: Json = {}
    for place in places.values():
        match place:
            case Point(plane=plane) if plane == view.plane:
                shapes["point"] = _rounded(view.point_to_picture(place))
            case Box(plane=plane) if plane == view.plane:
                shapes["box"] = _rounded(view.box_to_picture(place))
            case Polygon(plane=plane) if plane == view.plane:
                shapes["outline"] = _outline(view, place)
    return shapes


def _outline(view: SliceView, polygon: Polygon) -> list[float]:
    """List x and y of the vertices, simplified to the picture's resolution."""
    ring = shapely.Polygon([(100 * x, 100 * y) for x, y in view.polygon_to_picture(polygon)])
    simple = shapely.simplify(ring, STRAYS).exterior.coords[:-1]
    return [round(at, 1) for vertex in simple for at in vertex]


def _rounded(fractions: tuple[float, ...]) -> list[float]:
    return [round(100 * fraction, 1) for fraction in fractions]


def _reasons(case: CaseScore) -> Iterator[str]:
    for failure in case.failures:
        yield f"{failure.reason.value.replace('_', ' ')}: {failure.detail}"


def _words(case: CaseScore) -> str:
    """Return the model's raw answer on the grade, or the one that could not be parsed."""
    raws = (
        answer.raw
        for answer in (case.grade, *case.failures)
        if isinstance(answer, GradePrediction | Failure)
    )
    return next((raw[:WORDS_SHOWN] for raw in raws if raw), "")
