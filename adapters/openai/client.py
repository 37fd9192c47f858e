"""Requests to a server that may be slow, busy, broken or hostile: one policy, and nothing sent elsewhere."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
import tenacity

from gliobench.adapters.openai.turns import Turns
from gliobench.domain.errors import BackendError, GliobenchError, JobError, StoreError
from gliobench.domain.messages import shown
from gliobench.domain.secrets import HIDDEN, hidden

LARGEST_BYTES = 8 * 2**20
"""Of a response."""
_BUSY = 429
_TIMED_OUT = 408
_OF_ACCOUNT = frozenset({401, 402, 403, 404, 405})
"""Statuses that say nothing of one request: no other would fare better."""
_FAILING = frozenset({_TIMED_OUT, 409, 425, 500, 502, 503, 504, 520, 522, 524, 529})
"""Statuses after which the same request may succeed."""
_LONGEST_PAUSE_S = 30.0


class _BusyError(Exception):
    """The server asks to be left alone for a while."""

    def __init__(self, message: str, pause_s: float | None) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class _FailingError(Exception):
    """The server failed, and may not fail again."""


class Meter(Protocol):
    """Counts the tries of a request."""

    def start(self) -> None:
        """Count a try; what it raises keeps it from being sent."""
        ...

    def answered(self, answer: Mapping[str, Any]) -> None:
        """Keep a response, and take what it says of its cost."""
        ...

    def refused(self) -> None:
        """Take note that the server refused the try: it counts, but wrote nothing."""
        ...

    def unsent(self) -> None:
        """Take note that the try did not reach the server."""
        ...


class Client:
    """Posts JSON to a server, and tries again what may succeed.

    Contract:
        - One policy of retries: pauses grow, differ by chance, and follow `Retry-After`.
        - No redirect is followed, and no proxy is used but by https, which it cannot read: what is
          sent is seen by the host of the address alone.
        - A response of another type, of more than `LARGEST_BYTES`, or whose body is not there by the
          timeout is an error, not a hang.

    Args:
        base_url: Of the server.
        key: Sent as a bearer token; empty for none.
        concurrency: Most requests at a time.
        timeout_s: For one response, as a whole.
        patience_s: How long a request is tried again.
        is_local: Whether the server runs on this machine.
        has_answered: Whether the server has ever answered: a refusal is then that of one request.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str = "",
        concurrency: int = 8,
        timeout_s: float = 180.0,
        patience_s: float = 300.0,
        is_local: bool = False,
    ) -> None:
        self._url = base_url
        self._key = key
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._turns = Turns(concurrency)
        self.has_answered = False
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        self._http = httpx.Client(
            headers=headers | ({"authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 30.0)),
            follow_redirects=False,
            trust_env=base_url.startswith("https:") and not is_local,
            limits=httpx.Limits(max_connections=concurrency),
        )
        weakref.finalize(self, self._http.close)

    @property
    def turns(self) -> Turns:
        """How many requests are under way."""
        return self._turns

    def post(self, path: str, body: bytes, meter: Meter) -> Mapping[str, Any]:
        """Post JSON and return the JSON of the response.

        Args:
            path: Behind the address of the server.
            body: JSON.
            meter: Counts every try.

        Raises:
            BackendError: The server refuses this request, or answers with what is no JSON object.
            StoreError: It could not be reached, or failed for as long as it was tried.
            JobError: It refuses the very first request, so that the settings are at fault.
            StoppedError: The meter stops.
        """
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((_BusyError, _FailingError)),
            wait=_pause,
            stop=tenacity.stop_before_delay(self._patience_s),
            reraise=True,
        )
        try:
            answer = tries(self._once, path, body, meter)
        except (_BusyError, _FailingError) as error:
            raise StoreError(
                self._hide(f"{self._url} could not answer within {self._patience_s:g} s: {error}")
            ) from error
        self.has_answered = True
        self._turns.answered()
        return answer

    def _once(self, path: str, body: bytes, meter: Meter) -> Mapping[str, Any]:
        with self._turns.take():
            deadline = time.monotonic() + self._timeout_s
            meter.start()
            try:
                with self._http.stream(
                    "POST",
                    f"{self._url}{path}",
                    content=body,
                    headers={"content-type": "application/json"},
                ) as response:
                    content = self._read(response, deadline)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                meter.unsent()
                raise _FailingError(f"{type(error).__name__} {error}".strip()) from error
            except httpx.HTTPError as error:  # it may have cost what was counted
                raise _FailingError(f"{type(error).__name__} {error}".strip()) from error
        if response.is_client_error and response.status_code != _TIMED_OUT:
            meter.refused()
        answer = self._checked(response, content)
        meter.answered(answer)
        return answer

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        """Read a response to its end, to the deadline or to the limit."""
        content = bytearray()
        parts = response.iter_raw()
        while (part := next(parts, None)) is not None:
            content += part
            if len(content) > LARGEST_BYTES:
                raise self._refusal(f"answers with over {LARGEST_BYTES // 2**20} MiB")
            if time.monotonic() > deadline and not _is_whole(response, content):
                raise _FailingError(f"the response took over {self._timeout_s:g} s")
        return bytes(content)

    def _checked(self, response: httpx.Response, content: bytes) -> Mapping[str, Any]:
        status, headers = response.status_code, response.headers
        if status == _BUSY:
            pause_s = _seconds(headers.get("retry-after"))
            self._turns.busy(pause_s or 1.0)
            raise _BusyError("the server is busy (429)", pause_s)
        if status in _FAILING:
            raise _FailingError(f"status {status} {self._reason(content)}")
        if response.is_redirect:
            place = shown(headers.get("location", ""))
            what = f"sends to {place}: not followed, set base_url to the server itself"
            raise JobError(self._hide(f"{self._url} {what}"))
        if status in _OF_ACCOUNT:
            what = f"refuses us ({status}): {self._reason(content)}: look at api_key_env, base_url and model"
            raise JobError(self._hide(f"{self._url} {what}"))
        if not response.is_success:
            raise self._refusal(f"refuses the request ({status}): {self._reason(content)}")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or headers.get("content-encoding", "identity") != "identity":
            raise self._refusal(f"answers with {shown(kind)}: wanted plain application/json")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise _FailingError("the response is cut off or no JSON") from error
        if not isinstance(answer, dict):
            raise self._refusal(f"answers with {shown(answer)}: wanted an object")
        return answer

    def _reason(self, content: bytes) -> str:
        """Return what a server says of its refusal, in one short line."""
        try:
            said = json.loads(content)
            error = said.get("error", said) if isinstance(said, dict) else said
            text = str(error.get("message", error) if isinstance(error, dict) else error)
        except (ValueError, RecursionError):
            text = content.decode("utf-8", "replace")
        return shown(self._hide(text))

    def _refusal(self, what: str) -> GliobenchError:
        """Report a refusal: before any answer the settings are at fault, later this request is."""
        kind = BackendError if self.has_answered else JobError
        return kind(self._hide(f"{self._url} {what}"))

    def _hide(self, text: str) -> str:
        """Replace the key, and whatever else is a credential."""
        return hidden(text.replace(self._key, HIDDEN) if self._key else text)


def _is_whole(response: httpx.Response, content: bytearray) -> bool:
    """Return whether all that was promised is there."""
    promised: str = response.headers.get("content-length", "")
    return promised == str(len(content))


def _pause(state: tenacity.RetryCallState) -> float:
    """Wait as long as the server asks, else longer each time, and by chance."""
    error = state.outcome.exception() if state.outcome else None
    by_chance = tenacity.wait_random_exponential(multiplier=0.5, max=_LONGEST_PAUSE_S)(state)
    asked = error.pause_s if isinstance(error, _BusyError) else None
    return by_chance if asked is None else asked + min(by_chance, 1.0)


def _seconds(header: str | None) -> float | None:
    """Read `Retry-After` in seconds; a date or what is longer than our patience counts as not given."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LONGEST_PAUSE_S else None
