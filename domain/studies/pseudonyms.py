"""Pseudonyms: names that only the holder of a key can connect with patients."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.secrets import HIDDEN

SHORTEST_KEY = 16
"""Characters: shorter keys can be guessed."""
_HEX_DIGITS = 16
_PSEUDONYM = re.compile(rf"[a-z]+-[0-9a-f]{{{_HEX_DIGITS}}}")
_PLACEHOLDER = re.compile(
    r"anon|anonym(e|ous|[iy][sz]ed)?|(de)?identified|deid|de|unknown|unbekannt|inconnu|none|null|nil|nan?"
    r"|removed|redacted|masked|blank|empty|no|noname|patient|subject|name|number|id|x+|0+|"
)
"""A word of what stands for a name or number in anonymised files."""
_PARTS = re.compile(r"[\s^=\\/,;._-]+")
_SHORTEST_PART = 2


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms by HMAC-SHA256: the same name and key always give the same one.

    Args:
        key: Of the user; at least `SHORTEST_KEY` characters.

    Raises:
        InvalidInputError: The key is shorter.
    """

    key: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < SHORTEST_KEY:
            raise InvalidInputError(
                f"a pseudonym key of {len(self.key)} characters: wanted {SHORTEST_KEY} or more"
            )

    def of(self, kind: str, *names: str) -> str:
        """Return the pseudonym of a patient, a study, a series or a site.

        Args:
            kind: What it names; the pseudonym begins with it.
            names: What identifies it.

        Returns:
            E.g. `patient-00c1f3a2b4d5e6f7`: 64 bits of the digest.
        """
        text = "\0".join((kind, *names)).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self.key.encode("utf-8", "surrogatepass"), text, "sha256").hex()
        return f"{kind}-{digest[:_HEX_DIGITS]}"


def is_pseudonym(name: str) -> bool:
    """Return whether a name has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(name) is not None


def is_placeholder(name: str) -> bool:
    """Return whether a name or number stands for those of all patients, or is empty.

    >>> is_placeholder("ANONYMOUS^PATIENT"), is_placeholder("Anon017")
    (True, False)
    """
    words = re.split(r"[\W_]+", name.casefold().replace("n/a", "na"))
    return all(_PLACEHOLDER.fullmatch(word) for word in words)


def without_identifiers(text: str, identifiers: Iterable[str]) -> str:
    """Replace identifiers in a text for output, in any case, whole and by their parts.

    Args:
        text: E.g. the description of a series.
        identifiers: Names, numbers and dates of a patient; parts of one character stay.

    >>> without_identifiers("T1 smith_john", ["Smith^John"])
    'T1 ***_***'
    """
    text = unicodedata.normalize("NFKC", text)
    whole = {unicodedata.normalize("NFKC", item).strip() for item in identifiers}
    parts = whole | {part for item in whole for part in _PARTS.split(item)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) < _SHORTEST_PART and part.isascii():
            continue
        if part:
            around = r"(?<![^\W_])", r"(?![^\W_])"
            begin, end = around if part.isascii() and len(part) < 4 else ("", "")
            text = re.sub(begin + re.escape(part) + end, HIDDEN, text, flags=re.IGNORECASE)
    return text
