"""Which segmentation of a DICOM study is the experts' mask; what is in doubt is asked about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

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
    """

    id: str
    shown: str
    number: int | None = None
    algorithm: str = ""
    is_of_tumour: bool = True
    flaw: str = ""

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
        chosen: The experts' mask; None where there is none, or several may be it.
        question: Which of several it is; empty where that is settled.
    """

    masks: tuple[StudyMask, ...] = ()
    reasons: tuple[str, ...] = ()
    chosen: StudyMask | None = None
    question: str = ""


def choose_mask(
    masks: Sequence[StudyMask], *, declared: Collection[str] = (), excluded: Collection[str] = ()
) -> MaskChoice:
    """Choose the reference mask of a study.

    It is the declared one, or the only one of a tumour that people drew: a prediction that lies in the
    archive is never taken for a reference by itself.

    Args:
        masks: The segmentations of the study.
        declared: Ids of those that the user says to be references.
        excluded: Ids of those that the user excludes.
    """
    left = [mask for mask in masks if mask.id not in excluded]
    candidates = [mask for mask in left if mask.id in declared]
    candidates = candidates or [mask for mask in left if not mask.objection]
    reasons = tuple(_reason(mask, declared, excluded) for mask in masks)
    if len(candidates) < 2:
        return MaskChoice(tuple(masks), reasons, candidates[0] if candidates else None)
    named = " or ".join(mask.id for mask in candidates[:3])
    more = f" or {len(candidates) - 3} more" if len(candidates) > 3 else ""
    return MaskChoice(tuple(masks), reasons, question=f"the reference mask may be {named}{more}")


def _reason(mask: StudyMask, declared: Collection[str], excluded: Collection[str]) -> str:
    if mask.id in excluded:
        return "excluded"
    why = (
        "declared" if mask.id in declared else mask.objection or "drawn by people, at least in part"
    )
    return f"{why}; {mask.flaw}" if mask.flaw else why
