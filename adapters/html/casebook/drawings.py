"""What the page draws of a case, in hundredths of the picture's edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import shapely

from gliobench.adapters.html.casebook.rows import Answer, CaseRow
from gliobench.domain.comparison.casebook import CaseEntry, Frame
from gliobench.domain.evaluation.saved_case import KeptVolume
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Box, Grid, Point, Polygon
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import SliceChoice

Json: TypeAlias = dict[str, Any]

STRAYS = 0.35
"""Largest deviation of a simplified outline: a pixel of the picture is 0.39."""
WORDS_SHOWN = 400
"""Characters shown of a model's raw answer."""


def drawing(row: CaseRow, backends: tuple[str, ...]) -> Json:
    """Return what the page knows of a case besides its row in the table."""
    kept, case = row.entry.kept, row.entry.any_score
    view = kept.picture.view if kept and kept.picture else None
    drawn: Json = {"id": case.study_id, "reference": row.grade, "site": row.site}
    drawn["stamps"] = list(_stamps(row.entry))
    drawn["flat"] = _flat(row.entry)
    if kept is not None:
        drawn["modality"] = kept.modality.value
    frame = row.entry.frame or _frame(case)
    if view is not None and frame is not None:
        drawn["mm"] = round(view.field_vox[0] * view.plane.spacing_mm(frame.grid)[0], 1)
        drawn["plane"] = frame.caption
    if view is not None and case.target is not None and case.target.plane == view.plane:
        drawn["outlined"] = _shapes(case.target.places, view)
    if kept is not None and kept.volume is not None:
        drawn["volume"] = _volume(kept.volume, view, frame)
    scores = [row.entry.scores.get(name) for name in backends]
    pairs = zip(scores, row.answers, strict=True)
    drawn["backends"] = [_answer(score, answer, view) for score, answer in pairs]
    return {name: value for name, value in drawn.items() if value}


def _flat(entry: CaseEntry) -> str:
    """Return why there cannot be a volume."""
    if entry.any_score.slice_choice is not None:
        return "the study is a single slice"
    alone = entry.frame is not None and entry.kept is not None and entry.kept.volume is None
    return "the study has too few planes" if alone else ""


def _frame(case: CaseScore) -> Frame | None:
    target = case.target
    if target is None or case.plane is None:
        return None
    is_only = case.slice_choice is not None
    plane = "the only slice" if is_only else f"axial plane {case.plane.index}"
    return Frame(target.grid, target.centre, f"{plane}, where answers are scored")


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


def _volume(volume: KeptVolume, view: SliceView | None, frame: Frame | None) -> Json:
    """Return how the volume's axial slices lie in the picture.

    Returns:
        `at`: left, top, right and bottom of a slice. `mm`: the edge of the picture. `start`: the
        position to begin with, (i, j, k) in fractions of the volume. `planes`: the number of
        slices, and `scored` the one nearest to the picture, if there is one.
    """
    grid = volume.grid
    if view is None or frame is None:
        return _alone(grid)
    study = frame.grid
    width, height, _ = grid.shape
    ends = [(-0.5, -0.5, 0.0), (width - 0.5, height - 0.5, 0.0)]
    corners = [view.to_picture(study.to_voxel(grid.to_mm(end))[:2]) for end in ends]
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(*corners, strict=True))
    centre = grid.to_voxel(study.to_mm(frame.centre.at))
    plane = grid.to_voxel(study.to_mm((*view.middle, view.plane.index)))[2]
    return {
        "at": _rounded((left, top, right, bottom)),
        "mm": round(view.field_vox[0] * view.plane.spacing_mm(study)[0], 1),
        "start": [round((i + 0.5) / n, 3) for i, n in zip(centre, grid.shape, strict=True)],
        "planes": grid.shape[2],
        "scored": min(max(round(plane), 0), grid.shape[2] - 1),
    }


def _alone(grid: Grid) -> Json:
    """Fit the slices of a volume into a square."""
    edges_mm = [n * mm for n, mm in zip(grid.shape[:2], grid.spacing_mm[:2], strict=True)]
    mm = max(edges_mm)
    x, y = ((1 - edge / mm) / 2 for edge in edges_mm)
    at = _rounded((x, y, 1 - x, 1 - y))
    return {"at": at, "mm": round(mm, 1), "start": [0.5, 0.5, 0.5], "planes": grid.shape[2]}


def _answer(case: CaseScore | None, answer: Answer, view: SliceView | None) -> Json:
    if case is None:
        return {}
    keys = [cell.key for cell in (answer.grade, answer.centre, answer.overlap)]
    shown: Json = {
        "outcome": answer.outcome.value,
        "values": [cell.text for cell in answer.cells],
        "keys": [None if key is None else round(key, 4) for key in keys],
        "reasons": list(dict.fromkeys(failure.reason.value for failure in case.failures)),
        "why": list(dict.fromkeys(_reasons(case))),
        "words": _words(case),
    }
    if view is not None:
        found = {
            form: outcome.answer for form, outcome in case.localisation.items() if outcome.answer
        }
        shown |= _shapes(found, view)
    return {name: value for name, value in shown.items() if value}


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


def _outline(view: SliceView, polygon: Polygon) -> str:
    """Return x and y of the vertices as SVG's points, simplified to the picture's resolution."""
    ring = shapely.polygons(100 * np.array(view.polygon_to_picture(polygon)))
    simple = shapely.get_coordinates(shapely.simplify(ring, STRAYS))[:-1]
    return " ".join(f"{at:g}" for at in simple.round(1).ravel())


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
