"""A dataset on a plain web server, whose listings name files and no more."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="the extra `http` is not installed")


from command_line import gliobench
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.storage import open_dataset, open_storage
from gliobench.adapters.storage.filesystems import RemoteFolder
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.entrypoints.errors import ExitCode


class Silent(SimpleHTTPRequestHandler):
    refused = ""

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        if self.refused and self.refused in self.path:
            self.send_error(403)
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def folder(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(phantoms, tmp_path_factory.mktemp("http") / "studies")


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def source_of(url: str, cache: Path) -> BratsStudySource:
    return BratsStudySource(open_dataset(url, cache=cache, cache_bytes=2**26, patience_s=0))


def test_studies_on_a_web_server_are_those_of_the_folder(
    url: str, folder: Path, tmp_path: Path
) -> None:
    local, remote = BratsStudySource(folder), source_of(url, tmp_path)

    assert remote.study_ids() == local.study_ids()
    for study_id in local.study_ids():
        assert remote.content_hash(study_id) == local.content_hash(study_id)
        assert remote.reference(study_id).grade == local.reference(study_id).grade


def test_a_folder_that_may_not_be_listed_ends_the_reading_instead_of_being_left_out(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Silent, "refused", "Phantom_0001/")

    with pytest.raises(StoreError, match="cannot be listed"):
        source_of(url, tmp_path).study_ids()


def test_a_file_that_grows_after_it_was_asked_for_is_refused(
    url: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = open_dataset(url, cache=tmp_path, cache_bytes=2**26, patience_s=0) / "extra.txt"
    (folder / "extra.txt").write_bytes(b"old")
    fetch = type(path.tree)._fetch

    def grown_meanwhile(tree: object, *arguments: object) -> None:
        (folder / "extra.txt").write_bytes(b"newer")
        fetch(tree, *arguments)

    monkeypatch.setattr(type(path.tree), "_fetch", grown_meanwhile)

    with pytest.raises(StoreError, match="has changed since it was listed"):
        path.read_bytes()


def test_nothing_is_written_to_a_web_server(url: str) -> None:
    with pytest.raises(InvalidInputError, match="http:// is only read: choose a folder"):
        open_storage(f"{url}/run", patience_s=0).write("file", b"content")


@pytest.mark.parametrize(
    ("dataset", "code", "message"),
    [
        ("http://127.0.0.1:9/cohort", ExitCode.TRY_AGAIN, "cannot be listed"),
        ("http://no-such-host.invalid/cohort", ExitCode.ERROR, "no such address"),
        ("http://[bad", ExitCode.ERROR, "no such address"),
        ("ftp://host/cohort", ExitCode.ERROR, "not a supported kind of store"),
        ("github://anna:word@repository/x", ExitCode.ERROR, "not a supported kind of store"),
        ("simplecache::http://127.0.0.1/x", ExitCode.ERROR, "not a supported kind of store"),
        ("s3://key:secret@bucket/cohort", ExitCode.ERROR, "credentials do not belong"),
    ],
)
def test_a_refused_connection_may_pass_and_a_wrong_address_will_not(
    dataset: str, code: ExitCode, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", _known_hosts)

    result = gliobench("--set", "store_patience_s=0.1", "dataset", "verify", dataset)

    last = result.stderr.splitlines()[-1]
    assert message in last
    assert result.exit_code == code
    assert "word" not in result.output
    assert "secret" not in result.output


def _known_hosts(host: str, *arguments: object, **named: object) -> object:
    """Answer as a working resolver does, for machines that have none."""
    import socket

    if host != "127.0.0.1":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 9))]


def test_only_known_protocols_are_opened_in_any_spelling() -> None:
    with pytest.raises(InvalidInputError, match="not a supported kind of store"):
        RemoteFolder("reference://anything")
