"""Findings behind a grade, each with its weight."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gliobench.domain.errors import WrongAnswerError


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding behind a grade.

    Args:
        feature: Its key, for programs, such as `et_ml`.
        text: In words, with number and unit, such as "ET 12.0 ml".
        log_odds: What it adds to the log-odds of HGG; positive favours HGG, negative LGG.

    Raises:
        WrongAnswerError: The weight is not finite.
    """

    feature: str
    text: str
    log_odds: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.log_odds):
            raise WrongAnswerError(
                f"reason {self.feature}: log-odds {self.log_odds} are not finite"
            )


def reasons_text(reasons: Sequence[Reason]) -> str:
    """Write reasons in one line, in their order, each with its weight.

    >>> reasons_text([Reason("et_ml", "ET 12.0 ml", 1.234), Reason("wt_ml", "WT 80.0 ml", -0.2)])
    'ET 12.0 ml (+1.2), WT 80.0 ml (−0.2)'
    """
    return ", ".join(f"{item.text} ({_signed(item.log_odds)})" for item in reasons)


def write_reasons(reasons: Sequence[Reason]) -> str | None:
    """Write reasons as a JSON list for a cell of a table; None where there are none."""
    return json.dumps([asdict(item) for item in reasons]) if reasons else None


def read_reasons(text: str | None) -> tuple[Reason, ...]:
    """Read reasons as `write_reasons` wrote them.

    Raises:
        LookupError, ValueError, TypeError: The text holds none.
    """
    if text is None:
        return ()
    try:
        items = json.loads(text)
    except RecursionError as error:
        raise ValueError("reasons are nested too deeply") from error
    return tuple(_read(item) for item in items)


def _read(item: Mapping[str, Any]) -> Reason:
    feature, words, weight = item["feature"], item["text"], item["log_odds"]
    if not (isinstance(feature, str) and isinstance(words, str)):
        raise TypeError(f"reason {feature!r}: wanted texts")
    return Reason(feature, words, float(weight))


def _signed(weight: float) -> str:
    return f"{'−' if weight < 0 else '+'}{abs(weight):.1f}"
