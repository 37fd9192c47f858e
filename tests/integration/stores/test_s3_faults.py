"""What a storage does when S3, or the way to it, fails: a real server behind a faulty proxy."""

from __future__ import annotations

import time

import pytest
from structlog.testing import capture_logs

from fakes.s3_server import (
    BROKEN,
    BUSY,
    DENIED,
    ENVIRONMENT,
    GONE,
    RESET,
    S3,
    SLOW,
    Fault,
    Request,
    always,
    first,
    put,
)
from gliobench.adapters.storage import open_storage
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError, StoreError

FAULTS = {"reset": RESET, "slow": SLOW, "busy": BUSY, "internal": Fault(500)}


@pytest.fixture
def storage(s3: S3) -> Storage:
    made = open_storage(s3.url)
    made.write("folder/file", b"content")
    return made


def hasty(s3: S3) -> Storage:
    """A storage whose patience ends soon."""
    return open_storage(s3.url, patience_s=0.5)


@pytest.mark.parametrize("fault", [*FAULTS.values(), BROKEN], ids=[*FAULTS, "broken"])
def test_a_file_is_read_whole_after_faults(s3: S3, storage: Storage, fault: Fault) -> None:
    s3.proxy.policy = first(3, fault, method="GET")

    assert storage.read("folder/file") == b"content"
    with storage.reading("folder/file") as file:
        assert file.read() == b"content"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_file_is_written_whole_after_faults(s3: S3, storage: Storage, fault: Fault) -> None:
    s3.proxy.policy = first(3, fault, method="PUT")

    storage.write("new", b"content")
    with storage.writing("large") as file:
        file.write(b"x" * 1_000_000)

    assert storage.read("new") == b"content"
    assert len(storage.read("large")) == 1_000_000


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_folder_is_listed_after_faults(s3: S3, storage: Storage, fault: Fault) -> None:
    s3.proxy.policy = first(3, fault)

    assert storage.names("folder") == ["file"]
    assert storage.exists("folder/file")


@pytest.mark.parametrize(
    ("fault", "said"), [(RESET, "closed|reset|connect"), (BUSY, "reduce your request rate")]
)
def test_a_store_that_fails_to_the_end_is_told_in_one_line(s3: S3, fault: Fault, said: str) -> None:
    s3.proxy.policy = always(fault)

    for action, doing in (
        (lambda: hasty(s3).read("file"), "read"),
        (lambda: hasty(s3).write("file", b""), "written"),
        (lambda: hasty(s3).names(), "listed"),
    ):
        with pytest.raises(StoreError, match=f"^{s3.url}(/file)? cannot be {doing}: ") as told:
            action()
        assert "\n" not in str(told.value)
    with pytest.raises(StoreError, match=f"(?i){said}"):
        hasty(s3).read("file")


def test_pauses_are_told_and_their_bound_grows(s3: S3, storage: Storage) -> None:
    s3.proxy.policy = first(8, BUSY, method="GET")

    with capture_logs() as events:
        storage.read("folder/file")

    assert [event["event"] for event in events] == ["store_failed"] * len(events)
    assert [event["attempt"] for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= 3
    for event in events:
        assert 0 <= event["again_in_s"] <= 0.2 * 2 ** (event["attempt"] - 1)
        assert event["place"] == s3.url


def test_what_is_denied_is_not_tried_again(s3: S3, storage: Storage) -> None:
    s3.proxy.policy = always(DENIED)
    s3.proxy.seen.clear()

    with pytest.raises(StoreError, match=r"cannot be read: Access Denied$"):
        storage.read("folder/file")
    with pytest.raises(StoreError, match=r"cannot be written: Access Denied$"):
        storage.write("folder/file", b"other")

    assert len(s3.proxy.seen) == 2


def test_what_has_gone_is_told_as_not_found(s3: S3, storage: Storage) -> None:
    s3.proxy.policy = always(GONE, method="GET", within="folder/file")

    with pytest.raises(NotFoundError, match="no such file"):
        storage.read("folder/file")


def test_a_file_that_is_replaced_while_it_is_read_is_refused(s3: S3, storage: Storage) -> None:
    def replace(request: Request) -> None:  # after the version was asked for, before the file is
        if request.method == "GET" and "folder/file" in request.path:
            s3.proxy.policy = None
            put(s3.proxy.upstream, request.path, b"another content")

    def read() -> bytes:
        with storage.reading("folder/file") as file:
            return file.read()

    s3.proxy.policy = replace
    with pytest.raises(StoreError, match="folder/file was replaced while it was read: try again"):
        read()

    assert read() == b"another content"


def test_of_a_large_file_only_what_is_looked_at_is_read(s3: S3, storage: Storage) -> None:
    storage.write("large", bytes(range(256)) * 40_000)
    s3.proxy.seen.clear()

    with storage.reading("large") as file:
        file.seek(-6, 2)
        end = file.read()

    assert end == b"\xfa\xfb\xfc\xfd\xfe\xff"
    assert [one.method for one in s3.proxy.seen] == ["HEAD", "GET", "HEAD"]
    s3.proxy.seen.clear()
    with storage.reading("large") as file:
        assert file.read() == bytes(range(256)) * 40_000
    assert len(s3.proxy.seen) == 2 + 3  # of 4 MiB each


def test_a_bucket_that_is_not_there_is_named(s3: S3) -> None:
    nowhere = open_storage("s3://gliobench-no-such-bucket/run")

    with pytest.raises(StoreError, match="s3://gliobench-no-such-bucket/run/f .*no such bucket"):
        nowhere.write("f", b"")
    with pytest.raises(NotFoundError):
        nowhere.read("f")
    assert nowhere.names() == []


def test_a_server_that_is_not_there_is_told_in_time(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    begun = time.monotonic()

    with pytest.raises(StoreError, match="cannot be read: .*connect"):
        hasty(s3).read("file")

    assert time.monotonic() - begun < 30
    s3fs.S3FileSystem.clear_instance_cache()


def test_missing_credentials_are_told_by_what_to_set(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    s3fs.S3FileSystem.clear_instance_cache()

    with pytest.raises(StoreError, match="no credentials were found: set AWS_ACCESS_KEY_ID and"):
        open_storage(s3.url).write("file", b"")

    s3fs.S3FileSystem.clear_instance_cache()


def test_credentials_are_in_no_error_and_no_log(s3: S3, storage: Storage) -> None:
    told = []
    for fault in (RESET, BUSY, DENIED):
        s3.proxy.policy = always(fault)
        with capture_logs() as events, pytest.raises(StoreError) as error:
            hasty(s3).read("folder/file")
        told += [str(error.value), repr(events)]

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert ENVIRONMENT[name] not in " ".join(told)


def test_a_library_that_is_not_installed_is_named_by_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(*_: object, **__: object) -> None:
        raise ImportError("Please install gcsfs to access Google Storage")

    monkeypatch.setattr("fsspec.url_to_fs", absent)

    with pytest.raises(MissingExtraError, match=r"gs:// needs an extra: .*gliobench\[gcs\]"):
        open_storage("gs://bucket/run")


def test_a_kind_of_store_that_nobody_knows_is_named_without_the_password() -> None:
    with pytest.raises(InvalidInputError, match=r"^nowhere://\*\*\*@host/run: [^\n]+$") as told:
        open_storage("nowhere://user:a-password@host/run")

    assert "a-password" not in str(told.value)
