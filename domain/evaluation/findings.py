"""What a reader has to know before believing a report on one backend or on several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class FindingKind(str, Enum):
    """What was found; each kind is met in one way."""

    DIFFERENT_COHORTS = "different cohorts"
    DIFFERENT_REFERENCES = "different references"
    LEAKAGE = "leakage"
    SIMULATED = "simulated"
    IMPLAUSIBLE_IMAGES = "implausible images"
    UNREADABLE_REFERENCES = "unreadable references"
    NOTED_REFERENCES = "notes on references"
    MISSING_MASKS = "missing reference masks"
    PARTIAL_RUN = "partial run"
    ORACLE_SLICES = "oracle slices"
    UNSTATED_SLICES = "slice selection not stated"
    STAND_IN = "stand-in"
    HELD_OUT = "held out"
    PRIORS = "averages of these patients"
    UNSTATED_TRAINING = "training data not stated"
    REPEATED_IMAGE = "repeated image"
    ASSUMED_PATIENTS = "patients told by names"

    @property
    def consequence(self) -> Consequence:
        """What it does to a comparison."""
        if self in (FindingKind.DIFFERENT_COHORTS, FindingKind.DIFFERENT_REFERENCES):
            return Consequence.REFUSED
        if self is FindingKind.ASSUMED_PATIENTS:
            return Consequence.NOTED
        return Consequence.STOPPED if self is FindingKind.LEAKAGE else Consequence.STAMPED

    @property
    def heading(self) -> str:
        """Name it above its sentences."""
        return _TITLES.get(self, self.value[0].upper() + self.value[1:])


_TITLES: Mapping[FindingKind, str] = {
    FindingKind.SIMULATED: "SIMULATED",
    FindingKind.UNSTATED_SLICES: "Oracle slices: selection not stated",
    FindingKind.PRIORS: "Baselines use these patients",
}


class Consequence(str, Enum):
    """What a finding does to a comparison."""

    REFUSED = "refused"
    """There is nothing to compare."""
    STOPPED = "stopped"
    """Unless the user overrides it, and then it is stamped."""
    STAMPED = "stamped"
    """The report says it wherever it matters."""
    NOTED = "noted"
    """The report says it, and it is no reservation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Args:
        kind: What was found.
        sentence: It in words, for a report.
        backend: Whose run it concerns; None where it concerns them all.
        study_ids: The studies that it concerns, sorted.
    """

    kind: FindingKind
    sentence: str
    backend: str | None = None
    study_ids: tuple[str, ...] = ()
