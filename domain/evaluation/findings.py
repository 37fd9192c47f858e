"""Findings that qualify a report on one or several backends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Consequence(str, Enum):
    """The effect of a finding on a comparison."""

    REFUSED = "refused"
    """The runs cannot be compared."""
    STOPPED = "stopped"
    """The comparison stops unless the user overrides it; then it is stamped."""
    STAMPED = "stamped"
    """The report states it wherever it matters."""
    NOTED = "noted"
    """The report states it, without a warning."""


class FindingKind(str, Enum):
    """The kinds of findings, one row each: name, effect on a comparison, and heading if it differs."""

    DIFFERENT_COHORTS = "different cohorts", Consequence.REFUSED
    DIFFERENT_REFERENCES = "different references", Consequence.REFUSED
    LEAKAGE = "leakage", Consequence.STOPPED
    SIMULATED = "simulated", Consequence.STAMPED, "SIMULATED"
    IMPLAUSIBLE_IMAGES = "implausible images", Consequence.STAMPED
    OUT_OF_SCOPE = "studies out of scope", Consequence.STAMPED
    UNREADABLE_REFERENCES = "unreadable references", Consequence.STAMPED
    NOTED_REFERENCES = "notes on references", Consequence.STAMPED
    MISSING_MASKS = "missing reference masks", Consequence.STAMPED
    PARTIAL_RUN = "partial run", Consequence.STAMPED
    DIFFERENT_VERSIONS = "different versions of gliobench", Consequence.STAMPED
    ORACLE_SLICES = "oracle slices", Consequence.STAMPED
    UNSTATED_SLICES = (
        "slice selection not stated",
        Consequence.STAMPED,
        "Oracle slices: selection not stated",
    )
    STAND_IN = "stand-in", Consequence.STAMPED
    UNCONFIRMED_FRAME = ("places not confirmed", Consequence.STAMPED, "Places may be misread")
    ANOTHER_FRAME = (
        "places in another frame",
        Consequence.STAMPED,
        "Places may be in another frame or of other patients",
    )
    OPPOSITE_CLASSES = (
        "classes opposite to the references",
        Consequence.STAMPED,
        "Classes may be exchanged",
    )
    NO_P_POSITIVE = (
        "probabilities against the classes",
        Consequence.STAMPED,
        "Probabilities may be of another class",
    )
    OTHER_PATIENTS = (
        "grades of other patients",
        Consequence.STAMPED,
        "Answers may be of other patients",
    )
    ONE_CLASS = (
        "one class by the cut of 0.5",
        Consequence.STAMPED,
        "Probabilities may be on another scale",
    )
    EQUAL_TO_REFERENCES = "masks equal to the references", Consequence.STAMPED
    FINDS_NONE = "no tumour found", Consequence.STAMPED
    REVERSED_CONFIDENCE = (
        "confidence in the other direction",
        Consequence.STAMPED,
        "Confidence may be an uncertainty",
    )
    HELD_OUT = "held out", Consequence.STAMPED
    PRIORS = "averages of these patients", Consequence.STAMPED, "Baselines use these patients"
    UNSTATED_TRAINING = "training data not stated", Consequence.STAMPED
    SAME_FILE = "equal files of predictions", Consequence.STAMPED
    REPEATED_IMAGE = "repeated image", Consequence.STAMPED
    ABSENT_MODALITIES = "absent modalities", Consequence.NOTED
    ASSUMED_PATIENTS = "patients inferred from names", Consequence.NOTED

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
    """One finding.

    Args:
        kind: The kind.
        sentence: Its description, for a report.
        backend: The backend concerned; None where it concerns all.
        study_ids: The studies concerned, sorted.
    """

    kind: FindingKind
    sentence: str
    backend: str | None = None
    study_ids: tuple[str, ...] = ()
