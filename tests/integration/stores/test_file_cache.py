"""Copies of remote files in a real folder, which processes share."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from gliobench.adapters.storage.file_cache import FileCache
from gliobench.domain.errors import StoreError
from gliobench.domain.files.whole import ABANDONED_AFTER_S


class Origin:
    """Files of ten bytes, and the list of those fetched."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def look_at(self, cache: FileCache, key: str) -> bytes:
        def fetch(copy: Path) -> None:
            self.fetched.append(key)
            copy.write_bytes(key.encode().ljust(10))

        with cache.open(key, size=10, fetch=fetch) as file:
            return file.read()


def age(cache: FileCache, *keys: str) -> None:
    """Let copies have been used long ago, the first the longest."""
    for number, key in enumerate(keys):
        long_ago = time.time() - 1000 + number
        os.utime(cache.folder / key, (long_ago, long_ago))


def names(cache: FileCache) -> set[str]:
    return {path.name for path in cache.folder.iterdir()}


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    origin, cache = Origin(), FileCache(tmp_path / "cache", 100)

    read = [origin.look_at(cache, "a") for _ in range(3)]

    assert read == [b"a         "] * 3
    assert origin.fetched == ["a"]


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    origin, cache = Origin(), FileCache(tmp_path, 30)
    for key in "abc":
        origin.look_at(cache, key)
    age(cache, "a", "b", "c")
    origin.look_at(cache, "a")

    origin.look_at(cache, "d")

    assert names(cache) == {"a", "c", "d"}


def test_the_limit_holds_however_many_files_are_read(tmp_path: Path) -> None:
    origin, cache = Origin(), FileCache(tmp_path, 35)

    for number in range(20):
        origin.look_at(cache, f"key{number}")
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 35


def test_a_copy_that_is_open_can_be_read_though_it_is_pushed_out(tmp_path: Path) -> None:
    origin, cache = Origin(), FileCache(tmp_path, 10)

    def fetch(copy: Path) -> None:
        copy.write_bytes(b"0123456789")

    with cache.open("a", size=10, fetch=fetch) as file:
        origin.look_at(cache, "b")

        assert names(cache) == {"b"}
        assert file.read() == b"0123456789"


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 100)

    def fail(copy: Path) -> None:
        copy.write_bytes(b"half")
        raise StoreError("the store went away")

    with pytest.raises(StoreError, match="went away"):
        cache.open("a", size=10, fetch=fail)

    assert names(cache) == set()


def test_what_a_killed_process_left_is_removed_in_time(tmp_path: Path) -> None:
    origin, cache = Origin(), FileCache(tmp_path, 100)
    for name, old_s in (("left.1.tmp", ABANDONED_AFTER_S + 60), ("at-work.2.tmp", 60)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - old_s,) * 2)

    origin.look_at(cache, "a")

    assert names(cache) == {"a", "at-work.2.tmp"}


def test_a_file_that_can_never_fit_is_told_by_the_setting(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="set cache_gib$"):
        FileCache(tmp_path, 9).open("a", size=10, fetch=lambda _: None)


def test_a_folder_that_cannot_be_made_is_told_by_the_setting(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands there")

    with pytest.raises(StoreError, match="cannot be written: .*: set cache_dir$"):
        FileCache(tmp_path / "cache", 100).open("a", size=10, fetch=lambda _: None)


def _reads_all(folder: Path, start: int) -> None:
    origin, cache = Origin(), FileCache(folder, 40)
    for step in range(300):
        key = f"key{(start + 7 * step) % 12}"
        assert origin.look_at(cache, key) == key.encode().ljust(10)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # Python 3.12
def test_processes_share_a_cache_that_is_too_small_for_all(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    readers = [context.Process(target=_reads_all, args=(tmp_path, start)) for start in range(3)]

    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(120)

    assert [reader.exitcode for reader in readers] == [0, 0, 0]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 40 + 2 * 10
