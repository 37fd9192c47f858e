"""What a reader has to know before believing a report on one backend or on several."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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


class FindingKind(str, Enum):
    """What was found, one row each: its name, what it does to a comparison, its heading if another."""

    DIFFERENT_COHORTS = "different cohorts", Consequence.REFUSED
    DIFFERENT_REFERENCES = "different references", Consequence.REFUSED
    LEAKAGE = "leakage", Consequence.STOPPED
    SIMULATED = "simulated", Consequence.STAMPED, "SIMULATED"
    IMPLAUSIBLE_IMAGES = "implausible images", Consequence.STAMPED
    UNREADABLE_REFERENCES = "unreadable references", Consequence.STAMPED
    NOTED_REFERENCES = "notes on references", Consequence.STAMPED
    MISSING_MASKS = "missing reference masks", Consequence.STAMPED
    PARTIAL_RUN = "partial run", Consequence.STAMPED
    ORACLE_SLICES = "oracle slices", Consequence.STAMPED
    UNSTATED_SLICES = (
        "slice selection not stated",
        Consequence.STAMPED,
        "Oracle slices: selection not stated",
    )
    STAND_IN = "stand-in", Consequence.STAMPED
    HELD_OUT = "held out", Consequence.STAMPED
    PRIORS = "averages of these patients", Consequence.STAMPED, "Baselines use these patients"
    UNSTATED_TRAINING = "training data not stated", Consequence.STAMPED
    REPEATED_IMAGE = "repeated image", Consequence.STAMPED
    ASSUMED_PATIENTS = "patients told by names", Consequence.NOTED

    _value_: str
    consequence: Consequence
    heading: str

    def __new__(cls, name: str, consequence: Consequence, heading: str = "") -> FindingKind:
        """Take the name as the value."""
        kind = str.__new__(cls, name)
        kind._value_, kind.consequence = name, consequence
        kind.heading = heading or name[0].upper() + name[1:]
        return kind


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
