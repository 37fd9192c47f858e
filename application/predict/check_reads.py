"""A backend that is not made for a dataset says so once, not study by study."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.study import Study


def check_reads(
    backends: Sequence[Backend], source: StudySource, study_ids: Collection[str]
) -> None:
    """Check that every backend reads the kind of the first study.

    Only headers are read. Studies that differ from the first fail by themselves, when asked about.

    Raises:
        InvalidInputError: A backend reads volumes and the study is one slice, or the other way
            round.
        StoreError: The source cannot be read now.
    """
    first = _first(source, study_ids)
    if first is None:
        return
    for backend in backends:
        try:
            backend.reads.check(first)
        except InvalidInputError as error:
            raise InvalidInputError(
                f"backend {backend.name} is not made for this dataset: {error}"
            ) from error


def check_target(backends: Sequence[Backend], target: GradingTarget) -> None:
    """Check that every backend that grades grades what is asked for.

    Raises:
        InvalidInputError: One grades something else.
    """
    for backend in backends:
        if backend.classifier is not None and backend.target not in (None, target):
            own = backend.target or GRADE
            raise InvalidInputError(
                f"backend {backend.name} predicts {own.positive} or {own.negative}, not {target.name}: "
                "wanted predictions of this target, by gliobench import, or no --target"
            )


def _first(source: StudySource, study_ids: Collection[str]) -> Study | None:
    """Open the first study that can be opened."""
    for study_id in study_ids:
        try:
            return source.study(study_id)
        except FaultError:  # reported when it is predicted
            continue
    return None
