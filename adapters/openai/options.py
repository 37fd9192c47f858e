"""What is set for a backend of `kind = "openai-vision"`."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt, field_validator

from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.domain.errors import InvalidInputError

Omitted = Literal["logprobs", "seed", "temperature"]
"""Fields of a request that some servers refuse."""

_OURS = frozenset(
    {"model", "messages", "max_tokens", "max_completion_tokens", "n", "stream", "logprobs"}
    | {"top_logprobs", "response_format", "temperature", "seed"}
)
"""Fields of a request that no other option may replace."""


def _listed(given: object) -> object:
    """Read names separated by spaces or commas."""
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


class OpenAiOptions(ReadingOptions):
    """The table `[backend.NAME]`: the server, what it is shown and asked, and what that may cost."""

    base_url: str = Field(description="of the server, with /v1, e.g. http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="as the server calls it")
    api_key_env: str | None = Field(
        None, description="environment variable that holds the key, e.g. OPENAI_API_KEY"
    )
    allow_remote: bool = Field(
        False, description="whether images may leave this machine for the host of base_url"
    )
    dialect: str = Field(
        "auto", description="how places are written; auto: by the model's name, else fractions"
    )
    max_new_tokens: PositiveInt = Field(512, le=65_536, description="length limit of a reply")
    token_limit: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="how the server calls that limit"
    )
    top_logprobs: PositiveInt = Field(
        20, le=1000, description="tokens that the server lists beside each; some list fewer than 20"
    )
    omit: Annotated[tuple[Omitted, ...], BeforeValidator(_listed)] = Field(
        (), description="what the server refuses to be asked: logprobs, seed, temperature"
    )
    body: dict[str, Any] = Field({}, description="more fields of every request")
    concurrency: PositiveInt = Field(8, le=256, description="most requests at a time")
    timeout_s: PositiveFloat = Field(180, le=86_400, description="for one reply")
    patience_s: PositiveFloat = Field(
        300, le=86_400, description="how long one question is tried again while the server fails"
    )
    max_requests: PositiveInt | None = Field(None, description="budget, kept in `answers`")
    max_tokens_total: PositiveInt | None = Field(None, description="budget of tokens, both ways")
    max_cost: PositiveFloat | None = Field(None, description="budget in the currency of the prices")
    price_in: float = Field(0, ge=0, description="price of a million tokens that are sent")
    price_out: float = Field(0, ge=0, description="price of a million tokens that are written")
    answers: str | None = Field(
        None, description="file that keeps answers and costs; none: in the user's cache"
    )

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        """Accept an address without credentials."""
        parts = _parts(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("wanted http://HOST/v1 or https://HOST/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("wanted an address alone: the key belongs in the environment")
        return url.rstrip("/")

    @field_validator("body")
    @classmethod
    def _leaves_ours(cls, body: dict[str, Any]) -> dict[str, Any]:
        """Refuse fields that decide what is asked and what it costs."""
        if ours := sorted(_OURS & set(body)):
            raise ValueError(f"{', '.join(ours)}: set by other options")
        return body

    @property
    def key(self) -> str:
        """The key that is sent to the server, and to no other; empty for none.

        Raises:
            InvalidInputError: The variable that should hold it is not set.
        """
        if self.api_key_env is None:
            return ""
        key = os.environ.get(self.api_key_env, "").strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise InvalidInputError(f"the environment variable {self.api_key_env} holds no key")
        return key

    @property
    def host(self) -> str:
        """Where the images go."""
        return _parts(self.base_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine: images do not leave it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def _parts(url: str) -> SplitResult:
    """Part an address.

    Raises:
        ValueError: It has no sensible port.
    """
    parts = urlsplit(url)
    _ = parts.port  # it raises where it is none
    return parts
