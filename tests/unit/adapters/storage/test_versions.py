from datetime import UTC, datetime

from gliobench.adapters.storage.versions import checksum_of, version_of

S3 = {"ETag": '"9b2cf535f27731c974343645a3985328"', "size": 7, "LastModified": "yesterday"}


def test_the_checksum_of_s3_is_its_etag_with_the_size() -> None:
    assert checksum_of(S3) == "9b2cf535f27731c974343645a3985328-7"


def test_the_checksum_of_google_is_of_the_content_and_not_of_the_metadata() -> None:
    assert checksum_of({"etag": "CLjf", "md5Hash": "mwLP", "size": 7}) == "mwLP-7"


def test_a_store_without_checksums_tells_none() -> None:
    assert checksum_of({"size": 7, "mtime": 3.5}) is None


def test_versions_are_told_apart_by_time_where_there_is_no_checksum() -> None:
    versions = {version_of({"size": 7, "mtime": at}) for at in (1.0, 2.0, 2.0)}

    assert len(versions) == 2


def test_a_version_with_a_checksum_does_not_depend_on_the_time() -> None:
    assert version_of(S3) == version_of({**S3, "LastModified": "today"})


def test_a_moment_is_the_same_as_a_date_and_in_seconds() -> None:
    seconds = {"size": 7, "created": 1_795_461_522.214075}
    date = {"size": 7, "created": datetime.fromtimestamp(1_795_461_522.214075, tz=UTC)}

    assert version_of(seconds) == version_of(date)
