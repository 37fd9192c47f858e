"""Descriptions of series, and words in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

_SEPARATORS = re.compile(r"[\s_\-/.,;:()\[\]{}^=|#&'\"]+")
_BEGIN = r"(?<![a-z0-9à-ɏ])"
_AGENT = r"(?<![^\W_])(c|ce|gd|gado?\w*|km|mdc|iv|inj\w*|[ck]ontrast\w*)"
_WITHOUT_BY_SIGN = re.compile(
    rf"{_AGENT}(?:[-−–](?=[\s_)]|$)| ?\([-−–]\)| [-−–]$)"
    rf"|(?<![^\W_])s/ ?{_AGENT}(?![^\W_])"
)
"""A contrast agent with a minus, as `Gd-` and `KM (-)`, or as in `s/ contraste`; no hyphen as in Gd-DTPA."""
_CYRILLIC_T = re.compile(r"т(?=[12])")


def normalised(description: str) -> str:
    """Reduce a description to lower-case words with single spaces, as the patterns here expect it.

    >>> normalised("T1_MPRAGE-sag+C")
    't1 mprage sag+c'
    >>> normalised("T1 Gd-")
    't1 no gd'
    """
    text = _WITHOUT_BY_SIGN.sub(r"no \1\2", unicodedata.normalize("NFKC", description).casefold())
    return _CYRILLIC_T.sub("t", _SEPARATORS.sub(" ", text)).strip()


@dataclass(frozen=True)
class Words:
    """Words in any of several languages; those in Latin letters begin where no word goes on.

    Args:
        patterns: Of each, compiled when they are first looked for: there are many.
    """

    patterns: tuple[str, ...]

    def search(self, description: str) -> re.Match[str] | None:
        """Find the first of them in a normalised description."""
        return self._compiled.search(description)

    def match(self, text: str) -> re.Match[str] | None:
        """Find one of them at the beginning of a normalised text."""
        return self._compiled.match(text)

    def cut_from(self, description: str) -> str:
        """Put a space in the place of each of them."""
        return self._compiled.sub(" ", description)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(
            "|".join(rf"{_BEGIN * pattern[0].isascii()}(?:{pattern})" for pattern in self.patterns)
        )


def words(*patterns: str) -> Words:
    """List words."""
    return Words(patterns)
