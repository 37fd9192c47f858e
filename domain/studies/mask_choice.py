"""Which segmentation of a DICOM study is the experts' mask; what is in doubt is asked about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

CHOICE = "mask"
"""What a segmentation is declared as, in the place of a modality."""


@dataclass(frozen=True, slots=True)
class StudyMask:
    """A segmentation that lies beside the images of a study.

    Args:
        id: Pseudonym of its series, unique in its dataset.
        shown: Its segments, fit for output.
        number: Of the series; None where it has none.
        algorithm: What made it; empty where people did, at least in part.
        is_of_tumour: Whether a segment is of a tumour or a part of one.
        flaw: Why it cannot be used; empty where it can.
        frame: Pseudonym of its frame of reference; empty where it has none.
        lesions: What its segments are numbered as, such as `lesion 2`; empty where one has no number.
        tracked: Pseudonyms of what its segments track.
    """

    id: str
    shown: str
    number: int | None = None
    algorithm: str = ""
    is_of_tumour: bool = True
    flaw: str = ""
    frame: str = ""
    lesions: frozenset[str] = frozenset()
    tracked: frozenset[str] = frozenset()

    @property
    def objection(self) -> str:
        """Why it is not taken for the experts' mask unless it is declared; empty where it may be."""
        if not self.is_of_tumour:
            return "no segment is of a tumour"
        return f"made by an algorithm, {self.algorithm}" if self.algorithm else ""


@dataclass(frozen=True, slots=True)
class MaskChoice:
    """The segmentations of one study.

    Args:
        masks: All of them.
        reasons: Of each: why it is used, or not.
        chosen: The experts' mask, in one segmentation or with each lesion in its own; empty where there is
            none, or several may be it.
        question: Which of several it is; empty where that is settled.
    """

    masks: tuple[StudyMask, ...] = ()
    reasons: tuple[str, ...] = ()
    chosen: tuple[StudyMask, ...] = ()
    question: str = ""


def choose_mask(
    masks: Sequence[StudyMask], *, declared: Collection[str] = (), excluded: Collection[str] = ()
) -> MaskChoice:
    """Choose the reference mask of a study.

    It is the declared one, or the only one of a tumour that people drew: a prediction that lies in the
    archive is never taken for a reference by itself. Segmentations of one lesion each are taken together.

    Args:
        masks: The segmentations of the study.
        declared: Ids of those that the user says to be references.
        excluded: Ids of those that the user excludes.
    """
    left = [mask for mask in masks if mask.id not in excluded]
    candidates = [mask for mask in left if mask.id in declared]
    candidates = candidates or [mask for mask in left if not mask.objection]
    together = len(candidates) > 1 and are_lesions_of_one(candidates)
    shown = [
        replace(mask, flaw="taken together with the other lesions")
        if together and mask in candidates
        else mask
        for mask in masks
    ]
    reasons = tuple(_reason(mask, declared, excluded) for mask in shown)
    if len(candidates) < 2 or together:
        return MaskChoice(tuple(masks), reasons, tuple(candidates))
    named = " or ".join(mask.id for mask in candidates[:3])
    more = f" or {len(candidates) - 3} more" if len(candidates) > 3 else ""
    return MaskChoice(tuple(masks), reasons, question=f"the reference mask may be {named}{more}")


def are_lesions_of_one(masks: Sequence[StudyMask]) -> bool:
    """Return whether segmentations hold different lesions of one patient in one position.

    That is so if all have one frame of reference, all segments are numbered, no number occurs in two of
    them, and none tracks what another one tracks. Two readers who number from 1 have the first one twice.
    """
    frames = {mask.frame for mask in masks}
    return (
        len(frames) == 1
        and "" not in frames
        and all(mask.lesions for mask in masks)
        and _are_apart([mask.lesions for mask in masks])
        and _are_apart([mask.tracked for mask in masks])
    )


def _are_apart(sets: Sequence[frozenset[str]]) -> bool:
    return len(frozenset().union(*sets)) == sum(map(len, sets))


def _reason(mask: StudyMask, declared: Collection[str], excluded: Collection[str]) -> str:
    if mask.id in excluded:
        return "excluded"
    why = (
        "declared" if mask.id in declared else mask.objection or "drawn by people, at least in part"
    )
    return f"{why}; {mask.flaw}" if mask.flaw else why
