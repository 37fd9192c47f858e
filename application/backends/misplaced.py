"""Predictions of which none can be used: of another dataset, frame, unit or format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import Grid, Point, Point3D, Polygon
from gliobench.domain.labels import exchanged_tissues
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    Localisation,
    Mask,
    NoTumour,
)
from gliobench.domain.studies.implausible_mask import why_implausible
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
    """Check that a mask can be read, or most places, and lies in the image of its study.

    Raises:
        InvalidInputError: None of the first masks does, or few places: the files are of other images, in
            another frame, or of another kind.
    """
    is_mask, wrong, n = Form.MASK in files.forms, list[Failure](), 0
    for study in islice(_opened(source, study_ids), PROBED):
        said, n = files.localise(study), n + 1
        answers = [said] if isinstance(said, Failure) else list(said.answers.values())
        found = [_unusable(answer, study.grid) for answer in answers]
        if all(found):
            wrong += filter(None, found[:1])
        elif is_mask:
            return
    if is_mask and wrong:
        is_grid = wrong[0].reason is FailureReason.WRONG_GRID
        what = "is on its study's grid" if is_grid else "can be used"
        raise InvalidInputError(f"backend {name}: no mask {what}: {wrong[0].detail}")
    if len(wrong) > max(1, n / 2):  # a single one may be a bad answer
        raise InvalidInputError(
            f"backend {name}: {len(wrong)} of {n} places cannot be used: {wrong[0].detail}"
        )


def check_tissues(
    name: str, files: PredictionFiles, source: StudySource, study_ids: Iterable[str]
) -> None:
    """Check that masks whose labels are not declared call tissues what the references call them.

    Raises:
        InvalidInputError: Oedema and the core without enhancement are exchanged.
    """
    probed = islice(_opened(source, study_ids), exchanged_tissues.PROBED)
    pairs = (pair for study in probed for pair in _masks_of(study, files, source))
    if exchanged_tissues.are_exchanged(pairs):
        raise InvalidInputError(
            f"backend {name}: {exchanged_tissues.EXCHANGED}: wanted labels declared (--labels), or masks in "
            "the order of the references"
        )


def _masks_of(
    study: Study, files: PredictionFiles, source: StudySource
) -> Iterator[tuple[exchanged_tissues.Regions, exchanged_tissues.Regions]]:
    said = files.localise(study)
    mask = None if isinstance(said, Failure) else said.answers.get(Form.MASK)
    if isinstance(mask, Mask):
        try:
            reference = source.reference(study.id)
        except FaultError:  # it is reported when it is scored
            return
        if reference.grid is None:
            yield mask.regions, reference.regions


def _opened(source: StudySource, study_ids: Iterable[str]) -> Iterator[Study]:
    for study_id in study_ids:
        try:
            yield source.study(study_id)
        except FaultError:  # it fails by itself when it is asked about
            continue


def _unusable(answer: Localisation | NoTumour | Failure, grid: Grid) -> Failure | None:
    """Return why an answer cannot be used; nothing of one in a model's words, which may be wrong."""
    spots: Sequence[Sequence[float]]
    edges: Sequence[int]
    match answer:
        case Failure():
            return answer if answer.reason in _UNUSABLE and not answer.raw else None
        case Mask() if why := why_implausible(answer.regions[Region.WT]):
            return Failure(FailureReason.UNREADABLE_PREDICTION, why)
        case Point3D():
            spots, edges = [answer.at], grid.shape
        case Point() | Polygon():
            first, second = answer.plane.in_plane_axes
            spots = [answer.at] if isinstance(answer, Point) else [*answer.vertices]
            edges = grid.shape[first], grid.shape[second]
        case _:
            return None
    return None if any(_is_inside(spot, edges) for spot in spots) else _outside(spots[0], edges)


def _is_inside(spot: Sequence[float], edges: Sequence[int]) -> bool:
    return all(-0.5 <= at <= edge - 0.5 for at, edge in zip(spot, edges, strict=True))


def _outside(spot: Sequence[float], edges: Sequence[int]) -> Failure:
    at = ", ".join(f"{number:.4g}" for number in spot)
    detail = (
        f"({at}) is outside of the {' x '.join(map(str, edges))} voxels (RAS+): wanted the frame and unit of "
        "its columns"
    )
    return Failure(FailureReason.OUT_OF_RANGE, detail)
