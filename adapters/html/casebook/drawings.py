"""What the page stores of a case: drawings in hundredths of the picture's edge, and packed volumes."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gliobench.adapters.html.casebook.rows import Answer, CaseRow
from gliobench.application.ports.picture_encoder import MEDIA_TYPE
from gliobench.domain.comparison.casebook import CaseEntry, Frame
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Box, Grid, Point, Polygon
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.predictions.reasons import reasons_text
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import SliceChoice

Json: TypeAlias = dict[str, Any]

STRAYS = 0.35
"""Largest deviation of a simplified outline: a pixel of the picture is 0.39."""
WORDS_SHOWN = 400
"""Characters shown of a model's raw answer."""
LEVEL = 6
"""Level of compression: the highest one takes three times as long and saves 3 %."""


def drawing(row: CaseRow, backends: tuple[str, ...]) -> Json:
    """Return what the page knows of a case besides its row in the table."""
    case, kept, picture = row.entry.any_score, row.entry.kept, row.picture
    view = picture.view if picture else None
    frame = row.entry.frame or _frame(case)
    scores = map(row.entry.scores.get, backends)
    drawn: Json = {
        "id": case.study_id,
        "reference": row.grade,
        "site": row.site,
        "stamps": list(_stamps(row.entry)),
        "flat": _flat(row.entry),
        "backends": [_answer(*both, view) for both in zip(scores, row.answers, strict=True)],
    }
    if kept:
        drawn["modality"] = kept.modality.value
    if kept and kept.volume:
        drawn["volume"] = _volume(kept.volume.grid, view, frame)
    if picture:
        drawn["picture"] = f"data:{MEDIA_TYPE};base64,{b64encode(picture.file).decode()}"
    if view and frame:
        drawn |= {"mm": _edge_mm(view, frame.grid), "plane": frame.caption}
    if view and case.target and case.target.plane == view.plane:
        drawn["outlined"] = _shapes(case.target.places.values(), view)
    return _stated(drawn)


def _stated(values: Json) -> Json:
    return {name: value for name, value in values.items() if value}


def _flat(entry: CaseEntry) -> str:
    """Return why there cannot be a volume."""
    if entry.any_score.slice_choice is not None:
        return "the study is a single slice"
    alone = entry.frame is not None and entry.kept is not None and entry.kept.volume is None
    return "the study has too few planes" if alone else ""


def _frame(case: CaseScore) -> Frame | None:
    if case.target is None or case.plane is None:
        return None
    is_only = case.slice_choice is not None
    last = case.target.grid.shape[2] - 1
    plane = "the only slice" if is_only else f"axial slice {case.plane.index} of 0 to {last}"
    return Frame(case.target.grid, case.target.centre, f"{plane}, where answers are scored")


def _stamps(entry: CaseEntry) -> Iterator[str]:
    """Yield the warnings of this case."""
    if entry.any_score.simulated:
        yield "SIMULATED"
    if absent := entry.any_score.absent:
        yield f"no {', no '.join(modality.value for modality in absent)}"
    if oracles := [name for name, score in entry.scores.items() if score.oracle]:
        unstated = entry.any_score.slice_choice is SliceChoice.NOT_STATED
        warning = "oracle slice (selection not stated)" if unstated else "oracle slice"
        every = len(oracles) == len(entry.scores)
        yield warning if every else f"{warning} for {', '.join(oracles)}"


def _volume(grid: Grid, view: SliceView | None, frame: Frame | None) -> Json:
    """Return how the volume's axial slices lie in the picture, or in a square without one.

    Returns:
        `at`: left, top, right and bottom of a slice. `mm`: the edge of the picture. `start`: the
        position to begin with, (i, j, k) in fractions of the volume. `planes`: the number of
        slices, and `scored` the one nearest to the picture, if there is one.
    """
    shape = grid.shape
    if view is None or frame is None:
        edges_mm = [n * mm for n, mm in zip(shape[:2], grid.spacing_mm[:2], strict=True)]
        mm = max(edges_mm)
        x, y = ((1 - edge / mm) / 2 for edge in edges_mm)
        at = _rounded((x, y, 1 - x, 1 - y))
        return {"at": at, "mm": round(mm, 1), "start": [0.5, 0.5, 0.5], "planes": shape[2]}
    study = frame.grid
    ends = [(-0.5, -0.5, 0.0), (shape[0] - 0.5, shape[1] - 0.5, 0.0)]
    corners = [view.to_picture(study.to_voxel(grid.to_mm(end))[:2]) for end in ends]
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(*corners, strict=True))
    centre = grid.to_voxel(study.to_mm(frame.centre.at))
    plane = grid.to_voxel(study.to_mm((*view.middle, view.plane.index)))[2]
    return {
        "at": _rounded((left, top, right, bottom)),
        "mm": _edge_mm(view, study),
        "start": [round((i + 0.5) / n, 3) for i, n in zip(centre, shape, strict=True)],
        "planes": shape[2],
        "scored": min(max(round(plane), 0), shape[2] - 1),
    }


def _edge_mm(view: SliceView, grid: Grid) -> float:
    return round(view.field_vox[0] * view.plane.spacing_mm(grid)[0], 1)


def _answer(case: CaseScore | None, answer: Answer, view: SliceView | None) -> Json:
    if case is None:
        return {}
    keys = [cell.key for cell in (answer.grade, answer.centre, answer.overlap)]
    reasons = [failure.reason.value for failure in case.failures]
    why = [f"{f.reason.value.replace('_', ' ')}: {f.detail}" for f in case.failures]
    raws = (item.raw for item in (case.grade, *case.failures) if item and item.raw)
    shown: Json = {
        "outcome": answer.outcome.value,
        "values": [cell.text for cell in answer.cells],
        "keys": [None if key is None else round(key, 4) for key in keys],
        "reasons": list(dict.fromkeys(reasons)),
        "why": list(dict.fromkeys(why)),
        "findings": (
            reasons_text(case.grade.reasons) if isinstance(case.grade, GradePrediction) else ""
        ),
        "words": next(raws, "")[:WORDS_SHOWN],
    }
    if view is not None:
        shown |= _shapes((found.answer for found in case.localisation.values()), view)
    return _stated(shown)


def _shapes(places: Iterable[object], view: SliceView) -> Json:
    """Draw the answers on the picture's plane."""
    shapes: Json = {}
    for place in places:
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


def packed_volumes(entry: CaseEntry, backends: tuple[str, ...]) -> dict[str, str]:
    """Pack a case's volume and masks as gzipped NIfTI files in base64.

    Returns:
        `grey`, `reference` and the backends by their number, where they exist; empty without a
        stored volume.
    """
    volume = entry.kept.volume if entry.kept else None
    if volume is None:
        return {}
    arrays = {"grey": volume.grey, "reference": volume.reference}
    arrays |= {str(n): entry.masks.get(name) for n, name in enumerate(backends)}
    known = {name: array for name, array in arrays.items() if array is not None}
    return {name: packed(_nifti(array, volume.grid)) for name, array in known.items()}


def _nifti(array: NDArray[np.uint8], grid: Grid) -> bytes:
    import nibabel as nib

    image = nib.Nifti1Image(array, grid.affine)
    image.header.set_xyzt_units("mm")
    file: bytes = image.to_bytes()
    return file


def packed(content: bytes) -> str:
    """Compress a file and encode it as text."""
    return b64encode(gzip.compress(content, LEVEL, mtime=0)).decode()
