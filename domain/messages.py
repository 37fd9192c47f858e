"""Display of arbitrary values in messages: one line, of limited length."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

VALUE_LENGTH = 200
"""Maximum number of characters shown of a value."""
LINE_LENGTH = 1000
"""Maximum number of characters of a message."""
READ_LENGTH = 8 * LINE_LENGTH
"""Maximum number of characters processed of a text; the rest would be cut anyway."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of control, format (such as bidirectional marks) and surrogate characters."""


def shown(value: object) -> str:
    """Return a value's repr, shortened in the middle if it is long.

    >>> shown("a" * 300)[:12], len(shown("a" * 300))
    ("'aaaaaaaaaaa", 200)
    """
    if isinstance(value, str | bytes) and len(value) > READ_LENGTH:
        value = value[:READ_LENGTH]
    try:
        return cut(printable(repr(value)), VALUE_LENGTH)
    except (
        RecursionError,
        ValueError,
    ):  # nested too deeply, or an integer with thousands of digits
        return f"a {type(value).__name__}"


def one_line(text: str) -> str:
    """Reduce a text to one line of at most `LINE_LENGTH` printable characters."""
    return cut(printable(" ".join(cut(text, READ_LENGTH).split())), LINE_LENGTH)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the most similar known one, if there is one.

    >>> did_you_mean("thread", ["seed", "threads"])
    "; did you mean 'threads'?"
    """
    return "".join(f"; did you mean {item!r}?" for item in get_close_matches(name, known, n=1))


def printable(text: str) -> str:
    r"""Escape control, bidirectional and surrogate characters.

    A byte of a file name that is not UTF-8, which Python represents as a surrogate, becomes `\xeb`.

    >>> printable("a\x1b[31m")
    'a\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        _escaped(item) if unicodedata.category(item) in _INVISIBLE else item for item in text
    )


def cut(text: str, length: int) -> str:
    """Shorten a long text in the middle; its end often contains the expected value."""
    if len(text) <= length:
        return text
    end = length // 3
    return f"{text[: length - end - 3]} … {text[-end:]}"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
