"""Predictions that lie nowhere in the images: of another dataset, frame or unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import Grid, Point, Point3D, Polygon
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    Localisation,
    NoTumour,
)
from gliobench.domain.studies.study import Study

PROBED = 10
"""Studies whose places are looked at before anything is scored, unless one of them fits."""
_ELSEWHERE = (FailureReason.WRONG_GRID, FailureReason.OUT_OF_RANGE)


def check_inside(
    name: str, files: PredictionFiles, source: StudySource, study_ids: Iterable[str]
) -> None:
    """Check that a mask, or one of several places, is in the image of its study.

    Args:
        name: The backend's.
        files: Of one kind.
        source: The studies.
        study_ids: Those that the files are of.

    Raises:
        InvalidInputError: None of the first is: the files are of other images, or in another frame.
    """
    wrong: list[str] = []
    for study in islice(_opened(source, study_ids), PROBED):
        said = files.localise(study)
        answers = [said] if isinstance(said, Failure) else list(said.answers.values())
        found = [_elsewhere(answer, study.grid) for answer in answers]
        if not all(found):
            return
        wrong += found[:1]
    if wrong and Form.MASK in files.forms:
        raise InvalidInputError(f"backend {name}: no mask is on its study's grid: {wrong[0]}")
    if len(wrong) > 1:  # a single one may be a bad answer
        raise InvalidInputError(
            f"backend {name}: no place is inside its study's image: {wrong[0]}: wanted the frame and unit of "
            "its columns"
        )


def _opened(source: StudySource, study_ids: Iterable[str]) -> Iterator[Study]:
    for study_id in study_ids:
        try:
            yield source.study(study_id)
        except FaultError:  # it fails by itself when it is asked about
            continue


def _elsewhere(answer: Localisation | NoTumour | Failure, grid: Grid) -> str:
    """Return where an answer is, if it is not in the image; nothing of a model's words, which may be wrong."""
    match answer:
        case Failure():
            is_elsewhere = answer.reason in _ELSEWHERE and not answer.raw
            return answer.detail if is_elsewhere else ""
        case Point3D():
            spots, edges = [answer.at], grid.shape
        case Point() | Polygon():
            first, second = answer.plane.in_plane_axes
            spots = [answer.at] if isinstance(answer, Point) else [*answer.vertices]
            edges = grid.shape[first], grid.shape[second]
        case _:
            return ""
    return "" if any(map(_is_inside, spots, [edges] * len(spots))) else _described(spots[0], edges)


def _is_inside(spot: Sequence[float], edges: Sequence[int]) -> bool:
    return all(-0.5 <= at <= edge - 0.5 for at, edge in zip(spot, edges, strict=True))


def _described(spot: Sequence[float], edges: Sequence[int]) -> str:
    at = ", ".join(f"{number:.4g}" for number in spot)
    return f"({at}) of {' x '.join(map(str, edges))} voxels (RAS+)"
