"""A real S3 server on loopback, and before it a proxy that plays every trick a network knows."""

from __future__ import annotations

import http.client
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

BUCKET = "gliobench-tests"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAFORTESTSONLY",
    "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-read",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_REFUSALS = {
    503: ("SlowDown", "Please reduce your request rate."),
    500: ("InternalError", "We encountered an internal error."),
    403: ("AccessDenied", "Access Denied"),
    404: ("NoSuchKey", "The specified key does not exist."),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks: the number counts all requests since the proxy was last made honest."""

    number: int
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of a request.

    Args:
        status: The server seems to answer with this error; 0: it is asked.
        wait_s: Before anything is said.
        reset: The connection is reset: before the answer, or after half of it.
    """

    status: int = 0
    wait_s: float = 0.0
    reset: str = ""


RESET, BROKEN, SLOW, BUSY, DENIED, GONE = (
    Fault(reset="before"),
    Fault(reset="half"),
    Fault(wait_s=0.3),
    Fault(503),
    Fault(403),
    Fault(404),
)
Policy: TypeAlias = Callable[[Request], Fault | None]


@dataclass
class FaultyProxy:
    """Stands before the server.

    Args:
        upstream: Port of the server.
        policy: Decides over each request; None lets it pass.
        seen: Every request since the last `honest`.
    """

    upstream: int
    policy: Policy | None = None
    seen: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    def honest(self) -> None:
        """Forget the policy and what was seen."""
        self.policy = None
        self.seen.clear()

    def judge(self, method: str, path: str) -> Fault | None:
        with self.lock:
            request = Request(len(self.seen), method, path)
            self.seen.append(request)
        return self.policy(request) if self.policy else None


@dataclass(frozen=True, slots=True)
class S3:
    """A bucket of a real S3 server, reached through a proxy that can misbehave.

    Args:
        url: Of a folder that is the test's own.
        proxy: Before the server.
        environment: By which a process reaches it.
    """

    url: str
    proxy: FaultyProxy
    environment: dict[str, str]


def first(count: int, fault: Fault, *, method: str = "", within: str = "") -> Policy:
    """Let the first requests of a method whose path holds some text meet a fault."""
    left = [count]

    def policy(request: Request) -> Fault | None:
        if left[0] and request.method.startswith(method) and within in request.path:
            left[0] -= 1
            return fault
        return None

    return policy


def always(fault: Fault, *, method: str = "", within: str = "") -> Policy:
    """Let every such request meet a fault."""
    return first(10**9, fault, method=method, within=within)


@contextmanager
def s3_server(folder: Path) -> Iterator[int]:
    """Start moto's server as a process, with a bucket; its log lies in the folder."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (folder / "moto.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(port, process)
        put(port, f"/{BUCKET}", b"")
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def faulty_proxy(upstream: int) -> Iterator[FaultyProxy]:
    """Serve the proxy from a thread."""
    proxy = FaultyProxy(upstream)
    server = _ProxyServer(proxy)
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        assert process.poll() is None, "the S3 server ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the S3 server does not answer")


def put(port: int, path: str, content: bytes) -> None:
    """Put a bucket or a file by no way but the server's own."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    signed = "AWS4-HMAC-SHA256 Credential=any/20200101/us-east-1/s3/aws4_request, Signature=any"
    server.request("PUT", path, content, {"Authorization": signed})
    assert server.getresponse().status == 200
    server.close()


class _ProxyServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultyProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.proxy = proxy


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _ProxyServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.judge(self.command, self.path) or Fault()
        time.sleep(fault.wait_s)
        if fault.reset == "before":
            self._reset()
        elif fault.status:
            self._answer(fault.status, {}, _refusal(fault.status))
        else:
            self._pass_on(body, broken=fault.reset == "half")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 -- http.server's

    def _pass_on(self, body: bytes, *, broken: bool) -> None:
        status, headers, content = self._ask(body)
        if broken and len(content) > 1:
            self._answer(status, headers, content[: len(content) // 2], length=len(content))
            self._reset()
        else:
            self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = http.client.HTTPConnection("127.0.0.1", self.server.proxy.upstream, timeout=60)
        try:
            server.request(self.command, self.path, body, dict(self.headers.items()))
            answer = server.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            server.close()

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, length: int | None = None
    ) -> None:
        told = {name.lower(): value for name, value in headers.items()}
        if self.command != "HEAD" or "content-length" not in told:
            told["content-length"] = str(len(content) if length is None else length)
        self.send_response_only(status)
        for name, value in told.items():
            if name not in {"connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close so that the other side's system says: connection reset by peer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the client went away, or was sent away
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _refusal(status: int) -> bytes:
    code, message = _REFUSALS[status]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code>'
        f"<Message>{message}</Message></Error>"
    ).encode()
