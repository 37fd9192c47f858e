"""The port of everything that shows one prediction on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the command line imports this port before it draws a page
    from gliobench.domain.comparison.casebook import Casebook


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of a report on a study; its text may hold words of a model or of a file.

    Args:
        title: What it is about.
        text: In words, with units.
        is_failure: Whether it says why there is no answer.
    """

    title: str
    text: str
    is_failure: bool = False


@dataclass(frozen=True, eq=False)
class PredictionReport:
    """What a reader sees of one prediction.

    Args:
        study_id: The study.
        backend: The backend.
        warnings: What limits the answer, the severest first.
        observations: The report, line by line.
        casebook: Its one case with pictures; empty where no image can be read.
        disclaimer: What the prediction must not be used for.
    """

    study_id: str
    backend: str
    warnings: tuple[str, ...]
    observations: tuple[Observation, ...]
    casebook: Casebook
    disclaimer: str


class PredictionPage(Protocol):
    """Puts a prediction on a page.

    Contract:
        - One document that needs no other file and asks the network for nothing.
        - Deterministic: the same report gives the same bytes.
    """

    def draw(self, report: PredictionReport) -> bytes:
        """Return the page."""
        ...
