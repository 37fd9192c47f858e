"""What a study may be called, and what becomes of names that are not fit to be shown or written.

A study is called after its folder or its files. Any name that a file can have gives an id: what is
not printable in it is escaped, so an id can be shown, logged, hashed and kept in tables as it is.
Where an id becomes a name of a file of ours it is encoded once more, and cut to a safe length.
"""

from __future__ import annotations

from hashlib import sha256
from unicodedata import normalize
from urllib.parse import quote

from gliobench.domain.messages import printable

LONGEST_NAME = 255
"""Bytes of a file's name, on the file systems in use."""
LONGEST_STEM = 120
"""Bytes of the part of our own files' names that an id may fill."""


def study_id_of(name: str) -> str:
    r"""Call a study after its folder or its files.

    Args:
        name: As the operating system gives it.

    Returns:
        The name in its composed Unicode form (NFC). Control and formatting characters and bytes that
        are no UTF-8 are escaped, backslashes doubled: a folder of the Latin-1 bytes `Pati\xebnt` is
        `Pati\xebnt`, in ASCII.
    """
    return printable(normalize("NFC", name).replace("\\", "\\\\"))


def why_no_file_name(name: str) -> str | None:
    """Say why nothing on a disk can bear a name; None where something can.

    Args:
        name: A study's id, as a table gives it.
    """
    if name in ("", ".", ".."):
        return "is no name of a file"
    for character, what in (("\0", "NUL"), ("/", "a slash"), ("\\", "a backslash")):
        if character in name:
            return f"holds {what}"
    size = len(name.encode("utf-8", "surrogatepass"))
    return f"is {size} bytes long, the most is {LONGEST_NAME}" if size > LONGEST_NAME else None


def file_stem(study_id: str) -> str:
    """Name a file of ours after a study: safe on every file system, and different for each study.

    Letters and digits of any script, `-`, `_` and `.` stay, but for a first `-` or `.`; the rest is
    percent-encoded. What is longer than `LONGEST_STEM` bytes is cut and ends in a hash of the id.
    """
    safe = "".join(
        one if one.isalnum() or one in "_-." else quote(one, safe="", errors="surrogatepass")
        for one in study_id
    )
    if safe[:1] in ("-", "."):
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if safe and len(safe.encode()) <= LONGEST_STEM:
        return safe
    digest = sha256(study_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = safe.encode()[: LONGEST_STEM - len(digest) - 1].decode(errors="ignore")
    return f"{kept}-{digest}"
