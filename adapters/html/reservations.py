"""What stands above all numbers, in the words that both pages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.domain.evaluation.findings import Finding


@dataclass(frozen=True, slots=True)
class Stamp:
    """A warning, or an all-clear, that stands above all numbers."""

    title: str
    text: str
    warns: bool = True


NO_RESERVATIONS = Stamp(
    "No reservations on record",
    "Every backend states its training data and has learned from none of these patients; none was "
    "shown a slice chosen with the reference; each has read every study.",
    warns=False,
)


def finding_stamps(findings: Sequence[Finding]) -> list[Stamp]:
    """Make a stamp of all findings of a kind, the gravest first."""
    return [
        Stamp(kind.heading, " ".join(one.sentence for one in findings if one.kind is kind))
        for kind in dict.fromkeys(one.kind for one in findings)
    ]
