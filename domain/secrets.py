"""Removal of credentials from URLs and error messages."""

from __future__ import annotations

import os
import re

HIDDEN = "***"
_USER = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*)://"
    r"(?P<user>[^/\s@:]+:(?!\d+/)[^\s@]*@(?:[^/\s@]*@)*|[^/\s]*@)",  # a password may contain / and @
    re.IGNORECASE,
)
_CONTAINERS = ("abfs", "abfss")
"""Schemes in which the part before the @ is not a user but a container of an Azure account."""
_QUERY = re.compile(r"(?P<address>\b[a-z][a-z0-9+.-]*://[^\s?'\"]*)\?[^\s'\"]+", re.IGNORECASE)
_SIGNED = re.compile(
    r"\b(?P<name>sig|signature|X-Amz-[A-Za-z-]+|AccountKey|SharedAccess\w+|\w*(?:secret|token|password)\w*)"
    r"(?P<sign>[=:]\s*)[^\s&;,'\"]+",
    re.IGNORECASE,
)
_NAME_OF_A_SECRET = re.compile(
    r"(SECRET|TOKEN$|PASSWORD|ACCESS_KEY|ACCOUNT_KEY|API_KEY|PSEUDONYM_KEY|SAS_|_SAS$|CONNECTION_STRING)"
)
_SHORTEST_SECRET = 6
"""Minimum length of a secret value; hiding shorter ones would hide ordinary words."""


def names_a_secret(name: str) -> bool:
    """Return whether a variable or option of this name holds a credential."""
    return bool(_NAME_OF_A_SECRET.search(name.upper()))


def hidden(text: str) -> str:
    """Replace credentials by `***` in a URL or in a message of a library.

    Replaced are a URL's user, password and query, signatures and tokens, and the values of environment
    variables with secret names.
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and names_a_secret(name):
            text = text.replace(value, HIDDEN)
    text = _QUERY.sub(rf"\g<address>?{HIDDEN}", _USER.sub(_without_user, text))
    return _SIGNED.sub(rf"\g<name>\g<sign>{HIDDEN}", text)


def _without_user(found: re.Match[str]) -> str:
    user, scheme = found["user"], found["scheme"]
    is_container = scheme.lower() in _CONTAINERS and ":" not in user
    return f"{scheme}://{user if is_container else f'{HIDDEN}@'}"
