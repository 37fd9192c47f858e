"""Study ids: derived from names of folders and files, safe to print and to use in file names.

A study is named after its folder or its files. Any possible file name gives an id: non-printable
characters are escaped, so an id can be shown, logged, hashed and stored as it is. In names of
gliobench's own files, ids are encoded further and limited in length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from unicodedata import normalize
from urllib.parse import quote

from gliobench.domain.messages import printable

LONGEST_NAME = 255
"""Maximum bytes of a file name, on common file systems."""
LONGEST_STEM = 120
"""Maximum bytes of an id in the names of gliobench's own files."""


def study_id_of(name: str) -> str:
    r"""Return the id of a study, from the name of its folder or files.

    Args:
        name: The name as given by the operating system.

    Returns:
        The name in composed Unicode form (NFC). Control and formatting characters and bytes that are
        not UTF-8 are escaped, backslashes doubled: a folder of the Latin-1 bytes `Pati\xebnt` is
        `Pati\xebnt`, in ASCII.
    """
    return printable(normalize("NFC", name).replace("\\", "\\\\"))


def lost_zeros(names: Iterable[str], known: Collection[str]) -> tuple[str, str] | None:
    """Find a name that is a known one but for zeros that spreadsheets leave out or add.

    >>> lost_zeros(["12", "7", "8.0"], ["012", "7"]), lost_zeros(["8.0"], ["8"]), lost_zeros(["8"], ["80"])
    (('12', '012'), ('8.0', '8'), None)

    Returns:
        It and the known one, the first of them; None where there is none.
    """
    numbers = {name.lstrip("0"): name for name in known if name.isdecimal()}
    for name in names:
        digits = name.removesuffix(".0")
        if digits.isdecimal() and name not in known and digits.lstrip("0") in numbers:
            return name, numbers[digits.lstrip("0")]
    return None


def why_no_file_name(name: str) -> str | None:
    """Return why no file can have a name; None where it is possible.

    Args:
        name: A study's id, as given in a table.
    """
    if name in ("", ".", ".."):
        return "is not a valid file name"
    for character, what in (("\0", "NUL"), ("/", "a slash"), ("\\", "a backslash")):
        if character in name:
            return f"holds {what}"
    size = len(name.encode("utf-8", "surrogatepass"))
    return f"is {size} bytes long, the most is {LONGEST_NAME}" if size > LONGEST_NAME else None


def file_stem(study_id: str) -> str:
    """Return a file name for a study: valid on every file system, and unique to the study.

    Letters and digits of any script, `-`, `_` and `.` stay, except a leading `-` or `.`; the rest is
    percent-encoded. Names longer than `LONGEST_STEM` bytes are cut and end in a hash of the id.
    """
    safe = "".join(
        item if item.isalnum() or item in "_-." else quote(item, safe="", errors="surrogatepass")
        for item in study_id
    )
    if safe[:1] in ("-", "."):
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if safe and len(safe.encode()) <= LONGEST_STEM:
        return safe
    digest = sha256(study_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = safe.encode()[: LONGEST_STEM - len(digest) - 1].decode(errors="ignore")
    return f"{kept}-{digest}"
