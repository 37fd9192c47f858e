"""Errors here are those that libraries of stores raise, or have their names."""

from __future__ import annotations

import errno

import pytest
from structlog.testing import capture_logs

from gliobench.adapters.storage.faults import is_transient, store_error, with_retries
from gliobench.domain.errors import InvalidInputError, NotFoundError, StoreError

EndpointConnectionError = type(
    "HTTPClientError", (Exception,), {"__module__": "botocore.exceptions"}
)
ReadTimeoutError = type("ReadTimeoutError", (EndpointConnectionError,), {"__module__": "elsewhere"})
HttpError = type("HttpError", (Exception,), {"__module__": "gcsfs.retry", "code": 503})
NoCredentials = type("NoCredentialsError", (Exception,), {"__module__": "botocore.exceptions"})
FILE = {"store": "s3://b", "place": "s3://b/f", "doing": "read", "patience_s": 30.0}


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        OSError(errno.EBUSY, "SlowDown"),
        EndpointConnectionError(),
        ReadTimeoutError(),
        HttpError(),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    tries = iter([error, error])

    def action() -> str:
        for one in tries:
            raise one
        return "done"

    assert with_retries(action, **FILE) == "done"


@pytest.mark.parametrize(
    "error",
    [
        PermissionError("Access Denied"),
        FileNotFoundError(),
        OSError(errno.EINVAL, "bad"),
        OSError(errno.ENOSPC, "No space left on device"),
        NoCredentials(),
        ValueError("Invalid bucket name"),
    ],
)
def test_what_will_not_pass_is_tried_once(error: Exception) -> None:
    tries = []

    def action() -> None:
        tries.append(1)
        raise error

    assert not is_transient(error)
    with pytest.raises((StoreError, NotFoundError, InvalidInputError)):
        with_retries(action, **FILE)
    assert tries == [1]


def test_a_log_names_the_dataset_and_an_error_the_file() -> None:
    file = "cohort/HGG/Anna Berger/t1.nii.gz"
    said = f'Could not connect to the endpoint URL: "https://b.s3.example.org/{file}"'

    def action() -> None:
        raise EndpointConnectionError(said)

    with capture_logs() as events, pytest.raises(StoreError, match=f"s3://b/{file} cannot be read"):
        with_retries(
            action, store="s3://b/cohort", place=f"s3://b/{file}", doing="read", patience_s=0.3
        )

    assert events
    for event in events:
        assert event["place"] == "s3://b/cohort"
        assert event["reason"].startswith('Could not connect to the endpoint URL: "https://b.s3.ex')
        assert "HGG" not in str(event)
        assert "Anna" not in str(event)


def test_a_bug_keeps_its_name() -> None:
    def action() -> None:
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError):
        with_retries(action, **FILE)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [("s3://b/f", "AWS_PROFILE"), ("gs://b/f", "GOOGLE_"), ("az://b/f", "AZURE_STORAGE_")],
)
def test_missing_credentials_are_told_in_the_words_of_the_store(place: str, wanted: str) -> None:
    assert wanted in str(store_error(NoCredentials(), place=place, doing="read"))


def test_an_error_of_many_lines_is_told_in_one() -> None:
    line = str(store_error(OSError("first\n\tsecond"), place="s3://b/f", doing="read"))

    assert line == "s3://b/f cannot be read: first second"
