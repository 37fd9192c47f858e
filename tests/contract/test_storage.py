"""What every storage promises."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from fakes.fake_storage import FakeStorage
from gliobench.adapters.storage import open_storage
from gliobench.adapters.storage.filesystems import RemoteFolder
from gliobench.adapters.storage.remote_storage import RemoteStorage
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError


def renaming(folder: Path) -> Storage:
    """A store that is no object store: what is written there is renamed at the end."""
    remote = RemoteFolder("memory://")
    remote.puts_whole = False
    remote._files, remote.root, remote.url = DirFileSystem(folder, LocalFileSystem()), "", "dir://"
    return RemoteStorage(remote, patience_s=0)


@pytest.fixture(params=["fake", "local", "memory", "renaming", "s3"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Storage]:
    """Give what opens the same place, as a second process would."""
    match request.param:
        case "fake":
            fake = FakeStorage()
            return lambda: fake
        case "local":
            return lambda: open_storage(str(tmp_path / "place"))
        case "memory":
            place = f"memory://{uuid4().hex}/place"
            return lambda: open_storage(place)
        case "renaming":
            (tmp_path / "place").mkdir()
            return lambda: renaming(tmp_path / "place")
        case _:
            url = request.getfixturevalue("s3").url
            return lambda: open_storage(url)


def test_what_was_written_is_read_back(reopen: Callable[[], Storage]) -> None:
    place = reopen().write("folder/file", b"\x00content")

    assert reopen().read("folder/file") == b"\x00content"
    assert place.endswith("folder/file")
    assert place.startswith(reopen().url)


def test_a_file_takes_the_place_of_an_earlier_one_at_once(reopen: Callable[[], Storage]) -> None:
    writer, reader = reopen(), reopen()
    writer.write("file", b"a longer content")
    assert reader.read("file") == b"a longer content"

    writer.write("file", b"new")

    assert reader.read("file") == b"new"


def test_a_large_file_is_written_and_read_as_a_stream(reopen: Callable[[], Storage]) -> None:
    with reopen().writing("large") as file:
        for number in range(100):
            file.write(bytes([number]) * 1000)

    with reopen().reading("large") as file:
        file.seek(42_000)
        assert file.read(3) == b"\x2a\x2a\x2a"
        assert file.seek(0, 2) == 100_000


def test_a_file_whose_writing_fails_is_not_there(reopen: Callable[[], Storage]) -> None:
    def fail() -> None:
        with reopen().writing("half") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert reopen().names() == []
    assert not reopen().exists("half")


def test_a_file_is_not_there_before_it_is_whole(reopen: Callable[[], Storage]) -> None:
    with reopen().writing("file") as file:
        file.write(b"content")
        file.flush()

        assert reopen().names() == []
        assert not reopen().exists("file")

    assert reopen().names() == ["file"]


def test_names_are_those_right_in_a_folder_sorted(reopen: Callable[[], Storage]) -> None:
    for name in ("b", "a", "folder/c", "folder/deep/d", "folders/e"):
        reopen().write(name, b"")

    assert reopen().names() == ["a", "b", "folder/", "folders/"]
    assert reopen().names("folder") == ["c", "deep/"]
    assert reopen().names("nowhere") == []


def test_a_listing_is_never_stale(reopen: Callable[[], Storage]) -> None:
    reader = reopen()
    assert reader.names("folder") == []

    reopen().write("folder/first", b"")
    assert reader.names("folder") == ["first"]
    reopen().write("folder/second", b"")

    assert reader.names("folder") == ["first", "second"]
    assert reader.exists("folder/second")


def test_what_is_not_there_is_told_in_one_line(reopen: Callable[[], Storage]) -> None:
    with pytest.raises(NotFoundError, match="nowhere") as told:
        reopen().read("nowhere")
    with pytest.raises(NotFoundError, match="nowhere"), reopen().reading("nowhere"):
        pass

    assert "\n" not in str(told.value)
    assert not reopen().exists("nowhere")


def test_a_folder_is_no_file(reopen: Callable[[], Storage]) -> None:
    reopen().write("folder/file", b"")

    assert not reopen().exists("folder")
    assert reopen().exists("folder/file")


def test_threads_share_a_storage(reopen: Callable[[], Storage]) -> None:
    storage = reopen()
    names = [f"file-{number:02}" for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: storage.write(name, name.encode()), names))
        read = list(pool.map(storage.read, names))

    assert read == [name.encode() for name in names]
    assert storage.names() == names


def test_writers_of_one_file_leave_one_of_their_contents(reopen: Callable[[], Storage]) -> None:
    storage = reopen()
    contents = [bytes([number]) * 50_000 for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: storage.write("file", content), contents))

    assert storage.read("file") in contents
    assert storage.names() == ["file"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_storage_works_in_a_forked_process_and_from_a_pickle(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = str(tmp_path) if kind == "local" else request.getfixturevalue("s3").url
    storage = open_storage(url)
    storage.write("mine", b"parent")

    for number, copy in enumerate([storage, pickle.loads(pickle.dumps(storage))]):
        child = multiprocessing.get_context("fork").Process(
            target=lambda copy=copy, number=number: copy.write(f"child-{number}", copy.read("mine"))
        )
        child.start()
        child.join(60)
        assert child.exitcode == 0

    assert storage.read("child-0") == storage.read("child-1") == b"parent"


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file stands where the folder should")
    fake = FakeStorage("fake://place", full=True)

    for storage in (fake, open_storage(str(tmp_path / "place"))):
        with pytest.raises(JobError, match=r"place/file cannot be written: [^\n]+$"):
            storage.write("file", b"")
