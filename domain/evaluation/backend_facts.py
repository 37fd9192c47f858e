"""Facts about a backend that qualify its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ORACLE_SETTING = {"oracle": "largest tumour"}
"""What keys of predictions hold where planes are chosen with the reference."""


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """What is special about a backend; nothing is, where nothing is given.

    Args:
        baseline: The rule by which it answers, where it is no model, such as "always HGG".
        stand_in: What its weights stand in for, such as "stand-in, not LLaMA".
        held_out: Which fold of a cross-validation predicts which patients.
        family: The model of which it is one of several sets of predictions, such as folds or seeds:
            a ranking does not count them as rivals.
        misread: What its answers about drawn squares were, where they do not confirm that its places are
            read as it means them.
        oracle: Whether it is shown `Study.oracle_plane`, which a deployed model would not have. Its
            localisations then say so.
    """

    baseline: str = ""
    stand_in: str = ""
    held_out: str = ""
    family: str = ""
    misread: str = ""
    oracle: bool = False

    def beside(self, provenance: Mapping[str, str]) -> dict[str, str]:
        """Return what a report shows: these facts, then the provenance."""
        said = {
            "baseline": self.baseline,
            "stand-in": self.stand_in,
            "held out": self.held_out,
            "family": self.family,
        }
        return {**{name: words for name, words in said.items() if words}, **provenance}
