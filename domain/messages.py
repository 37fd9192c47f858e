"""What a message to a person shows of a value that anybody may have written: one line, cut."""

from __future__ import annotations

import unicodedata

VALUE_LENGTH = 200
"""Characters that a message shows of a value."""
LINE_LENGTH = 1000
"""Characters of a message."""
READ_LENGTH = 8 * LINE_LENGTH
"""Characters of a text that are looked at: the rest would be cut anyway."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of control, format (bidirectional marks among them) and surrogate characters."""


def shown(value: object) -> str:
    """Show a value as Python would write it, without its middle where it is long.

    >>> shown("a" * 300)[:12], len(shown("a" * 300))
    ("'aaaaaaaaaaa", 200)
    """
    if isinstance(value, str | bytes) and len(value) > READ_LENGTH:
        value = value[:READ_LENGTH]
    try:
        return cut(printable(repr(value)), VALUE_LENGTH)
    except (RecursionError, ValueError):  # nested too deeply, or an integer of thousands of digits
        return f"a {type(value).__name__}"


def one_line(text: str) -> str:
    """Make one line of a text, of at most `LINE_LENGTH` characters that a terminal can show."""
    return cut(printable(" ".join(cut(text, READ_LENGTH).split())), LINE_LENGTH)


def printable(text: str) -> str:
    r"""Write control, bidirectional and surrogate characters as escapes.

    A byte of a file's name that is no UTF-8, which Python holds as a surrogate, becomes `\xeb`.

    >>> printable("a\x1b[31m")
    'a\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        _escaped(one) if unicodedata.category(one) in _INVISIBLE else one for one in text
    )


def cut(text: str, length: int) -> str:
    """Leave out the middle of a text that is longer than this; its end often says what is wanted."""
    if len(text) <= length:
        return text
    end = length // 3
    return f"{text[: length - end - 3]} … {text[-end:]}"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
