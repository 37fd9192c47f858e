"""Find out which label means what in a dataset: declared, or concluded from all of its masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError
from gliobench.domain.labels.proposal import Integers, Proposal, propose

Track: TypeAlias = Callable[[Sequence[str]], Iterable[str]]
"""Gives back the study ids one by one, and may show how far it is."""
READ_AT_ONCE = 4
"""Masks that are read side by side."""


def settle_labels(
    source: StudySource, study_ids: Sequence[str] | None = None, *, track: Track = iter
) -> StudySource:
    """Return a source whose masks are read by one convention, declared or the only one possible.

    Args:
        source: The dataset.
        study_ids: Whose masks are looked at where nothing is declared; None for all.
        track: Wraps the study ids, e.g. in a progress bar.

    Returns:
        The same source where it has a convention, or has no masks.

    Raises:
        UndeclaredLabelsError: Several conventions are possible, or none.
        StoreError: The source cannot be read now.
    """
    if source.labels is not None:
        return source
    proposal = propose_labels(source, study_ids, track=track)
    return source if proposal is None else source.labelled(proposal.labels())


def propose_labels(
    source: StudySource, study_ids: Sequence[str] | None = None, *, track: Track = iter
) -> Proposal | None:
    """Read all masks, and conclude which conventions they and the studies' names allow.

    A mask that cannot be read is left out: it is reported where it is scored.

    Args:
        source: The dataset.
        study_ids: Of these studies; None for all.
        track: Wraps the study ids, e.g. in a progress bar.

    Returns:
        None where there is no mask of integers.

    Raises:
        StoreError: The source cannot be read now.
    """
    wanted = source.study_ids() if study_ids is None else study_ids
    return propose(integers_by_study(source.mask_integers, track(wanted)))


def integers_by_study(
    read: Callable[[str], Integers | None], study_ids: Iterable[str]
) -> dict[str, Integers]:
    """Read the integers of masks; one that is not there or cannot be read is left out."""

    def held(study_id: str) -> tuple[str, Integers | None]:
        try:
            return study_id, read(study_id)
        except FaultError:
            return study_id, None

    found = side_by_side(held, study_ids, at_once=READ_AT_ONCE)
    return {study_id: integers for study_id, integers in found if integers is not None}
