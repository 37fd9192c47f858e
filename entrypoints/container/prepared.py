"""Whether studies are prepared: what prepares them is imported only if they are."""

from __future__ import annotations

from collections.abc import Callable

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.settings import Settings


def prepared(
    source: StudySource,
    *,
    settings: Settings,
    prepare: Callable[[StudySource], StudySource],
) -> StudySource:
    """Return the studies of a source, prepared where the settings say so.

    Raises:
        InvalidInputError: A mask of one brain is given, and there are several studies.
        GliobenchError: As `preparing`.
    """
    if not settings.prepare.enabled:
        return source
    if settings.prepare.brain_mask and (count := len(source.study_ids())) != 1:
        raise InvalidInputError(f"prepare.brain_mask is of one study: there are {count}")
    return prepare(source)
