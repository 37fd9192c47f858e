"""What went wrong with a store: whether another try may help, and what to report.

Libraries of clouds raise errors of their own; they are known here by name, so that none need be
installed.
"""

from __future__ import annotations

import errno
import logging
import re
import socket
from collections.abc import Callable
from typing import TypeVar

import structlog
import tenacity

from gliobench.domain.errors import (
    GliobenchError,
    InvalidInputError,
    JobError,
    NotFoundError,
    StoreError,
)
from gliobench.domain.files.disk import is_of_the_name
from gliobench.domain.secrets import hidden

T = TypeVar("T")

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
"""A pause is drawn between zero and a bound that doubles each time, from the first to the longest."""

_TRANSIENT = {
    "botocore.exceptions.HTTPClientError",  # resets, timeouts, broken bodies
    "botocore.exceptions.ConnectionError",
    "aiohttp.client_exceptions.ClientError",
    "azure.core.exceptions.ServiceRequestError",
    "azure.core.exceptions.ServiceResponseError",
    "requests.exceptions.ConnectionError",
    "requests.exceptions.Timeout",
}
_NO_CREDENTIALS = {
    "botocore.exceptions.NoCredentialsError",
    "botocore.exceptions.PartialCredentialsError",
    "botocore.exceptions.CredentialRetrievalError",
    "botocore.exceptions.NoAuthTokenError",
    "botocore.exceptions.ProfileNotFound",
    "google.auth.exceptions.DefaultCredentialsError",
    "azure.core.exceptions.ClientAuthenticationError",
}
_WRONG_URLS = {"aiohttp.client_exceptions.InvalidURL", "botocore.exceptions.ParamValidationError"}
_BUSY = {429, 500, 502, 503, 504}
"""Statuses of HTTP that pass."""
_PASSING = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EHOSTUNREACH,
    errno.EIO,
    errno.ENETUNREACH,
    errno.EPIPE,
    errno.ETIMEDOUT,
    getattr(errno, "EREMOTEIO", errno.EIO),  # s3fs's word for 500; Linux only
}
_PATH = re.compile(r"(?<=\w://)(?P<host>[^/\s\"']+)/[^\s\"']*")
"""Of a URL in what a library says."""
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role of the machine",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login",
    "az": "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}


def is_transient(error: BaseException) -> bool:
    """Check whether the same request may succeed a little later."""
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if (status := _status(error)) is not None:
        return status in _BUSY
    if _is_wrong_url(error):
        return False
    if _is_a(error, _TRANSIENT):
        return True
    return isinstance(error, OSError) and error.errno in _PASSING


def with_retries(
    action: Callable[[], T], *, store: str, place: str, doing: str, patience_s: float
) -> T:
    """Do what a store may refuse for a while, again and again with longer and longer pauses.

    Args:
        action: Has the same effect done once or twice.
        store: The run or dataset that it is about, for logs; without credentials. Folders and files
            in it may be named after patients.
        place: What it works on, for messages; without credentials.
        doing: What it does, as in "cannot be read".
        patience_s: No try is begun after as many seconds.

    Raises:
        NotFoundError: It is not there.
        StoreError: It failed to the end, or at once where another try cannot help.
    """
    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_transient),
        wait=tenacity.wait_random_exponential(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S),
        stop=tenacity.stop_before_delay(patience_s),
        before_sleep=lambda state: _log_retry(state, store),
        reraise=True,
    )
    try:
        return tries(action)
    except GliobenchError:
        raise
    except Exception as error:
        if not _is_foreign(error):
            raise
        raise store_error(error, place=place, doing=doing) from error


def store_error(error: Exception, *, place: str, doing: str) -> GliobenchError:
    """Report in one line what could not be done, and what to do about it.

    Args:
        error: What was raised.
        place: What it was about; without credentials.
        doing: As in "cannot be read".
    """
    if _is_wrong_url(error):
        kind = JobError if _is_no_host(error) else InvalidInputError
        return kind(f"{place} cannot be {doing}: no such address ({_reason(error)})")
    if is_of_the_name(error):
        return JobError(f"{place} cannot be {doing}: {_reason(error)}")
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"{place} cannot be {doing}: there is no such file or bucket")
    reason = f"{place} cannot be {doing}: {_reason(error)}"
    if _is_a(error, _NO_CREDENTIALS):
        wanted = _CREDENTIALS.get(place.partition("://")[0], "those of its provider")
        return StoreError(f"{place} cannot be {doing}: no credentials were found: set {wanted}")
    return StoreError(reason)


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return hidden(" ".join(text.split())) or type(error).__name__


def _status(error: BaseException) -> int | None:
    """Return the status of an HTTP answer that an error is about."""
    for name in ("status", "status_code", "code"):  # aiohttp warns of its `code`
        if isinstance(status := getattr(error, name, None), int):
            return status or None
    return None


def _is_wrong_url(error: BaseException) -> bool:
    """Check whether an address is malformed, or of a host that is known not to exist."""
    return _is_no_host(error) or type(error) is ValueError or _is_a(error, _WRONG_URLS)


def _is_no_host(error: BaseException) -> bool:
    cause = getattr(error, "os_error", error)
    return isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME


def _is_foreign(error: Exception) -> bool:
    """Distinguish what a store or its library raised from a bug of ours."""
    return (
        isinstance(error, OSError | ValueError)
        or is_transient(error)
        or type(error).__module__ != "builtins"
    )


def _is_a(error: BaseException, names: set[str]) -> bool:
    kinds = type(error).__mro__
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in kinds)


def _log_retry(state: tenacity.RetryCallState, store: str) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.log(
        logging.WARNING,
        "store_failed",
        place=store,
        reason=_PATH.sub(r"\g<host>", _reason(error)) if isinstance(error, Exception) else "",
        attempt=state.attempt_number,
        again_in_s=round(state.upcoming_sleep, 2),
    )
