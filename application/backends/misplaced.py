"""Predictions of which none can be used: of another dataset, frame, unit or format."""

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
_UNUSABLE = (
    *(FailureReason.WRONG_GRID, FailureReason.OUT_OF_RANGE),
    FailureReason.UNREADABLE_PREDICTION,
)


def check_inside(
    name: str, files: PredictionFiles, source: StudySource, study_ids: Iterable[str]
) -> None:
    """Check that a mask can be read, or one of several places, and is in the image of its study.

    Args:
        name: The backend's.
        files: Of one kind.
        source: The studies.
        study_ids: Those that the files are of.

    Raises:
        InvalidInputError: None of the first is: the files are of other images, in another frame, or of
            another kind.
    """
    wrong: list[str] = []
    for study in islice(_opened(source, study_ids), PROBED):
        said = files.localise(study)
        answers = [said] if isinstance(said, Failure) else list(said.answers.values())
        found = [_unusable(answer, study.grid) for answer in answers]
        if not all(found):
            return
        wrong += found[:1]
    if wrong and Form.MASK in files.forms:
        raise InvalidInputError(f"backend {name}: no mask {wrong[0]}")
    if len(wrong) > 1:  # a single one may be a bad answer
        raise InvalidInputError(f"backend {name}: no place {wrong[0]}")


def _opened(source: StudySource, study_ids: Iterable[str]) -> Iterator[Study]:
    for study_id in study_ids:
        try:
            yield source.study(study_id)
        except FaultError:  # it fails by itself when it is asked about
            continue


def _unusable(answer: Localisation | NoTumour | Failure, grid: Grid) -> str:
    """Return why an answer cannot be used; nothing of one in a model's words, which may be wrong."""
    spots: Sequence[Sequence[float]]
    edges: Sequence[int]
    match answer:
        case Failure():
            is_of_file = answer.reason in _UNUSABLE and not answer.raw
            where = "is on its study's grid" if answer.reason is _UNUSABLE[0] else "can be used"
            return f"{where}: {answer.detail}" if is_of_file else ""
        case Point3D():
            spots, edges = [answer.at], grid.shape
        case Point() | Polygon():
            first, second = answer.plane.in_plane_axes
            spots = [answer.at] if isinstance(answer, Point) else [*answer.vertices]
            edges = grid.shape[first], grid.shape[second]
        case _:
            return ""
    return "" if any(_is_inside(spot, edges) for spot in spots) else _described(spots[0], edges)


def _is_inside(spot: Sequence[float], edges: Sequence[int]) -> bool:
    return all(-0.5 <= at <= edge - 0.5 for at, edge in zip(spot, edges, strict=True))


def _described(spot: Sequence[float], edges: Sequence[int]) -> str:
    at = ", ".join(f"{number:.4g}" for number in spot)
    return (
        f"is inside its study's image: ({at}) of {' x '.join(map(str, edges))} voxels (RAS+): wanted the "
        "frame and unit of its columns"
    )
