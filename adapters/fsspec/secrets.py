"""What must not be told of a URL or of an error: credentials."""

from __future__ import annotations

import os
import re

HIDDEN = "***"
_USER = re.compile(r"(?<=://)[^/@:\s]*:[^/@\s]+@")
_SIGNED = re.compile(
    r"\b(?P<name>sig|signature|X-Amz-[A-Za-z-]+|AccountKey|SharedAccess\w+|\w*(?:secret|token|password)\w*)"
    r"(?P<sign>[=:]\s*)[^\s&;,'\"]+",
    re.IGNORECASE,
)
_NAME_OF_A_SECRET = re.compile(
    r"(SECRET|TOKEN|PASSWORD|ACCESS_KEY|ACCOUNT_KEY|SAS|CONNECTION_STRING)"
)
_SHORTEST_SECRET = 6
"""Of an environment variable's value; a shorter one would hide ordinary words."""


def hidden(text: str) -> str:
    """Put `***` in the place of credentials, in a URL or in what a library says.

    Hidden are a URL's user and password, signatures and tokens in its query, and the values of
    environment variables whose names tell that they are secret.
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and _NAME_OF_A_SECRET.search(name):
            text = text.replace(value, HIDDEN)
    text = _USER.sub(f"{HIDDEN}@", text)
    return _SIGNED.sub(rf"\g<name>\g<sign>{HIDDEN}", text)
