"""An OpenAI-compatible server on this machine that answers by a rule, or misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Response:
    """What is sent back.

    Args:
        content: Bytes, sent in pieces.
        pause_s: Before each piece.
        cut: Whether the connection is closed before all that was promised is sent.
    """

    status: int = 200
    content: tuple[bytes, ...] = (b"{}",)
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    pause_s: float = 0.0
    cut: bool = False


Rule = Callable[[dict[str, Any], int], Response]
"""Answers a request's body, given how many came before it."""


def said(text: str, *, finish: str = "stop", **more: Any) -> Response:
    """Answer as a server does that writes this text."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
    }
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    answer = {"object": "chat.completion", "choices": [choice | more], "usage": usage}
    return Response(content=(json.dumps(answer).encode(),))


def prompt_of(body: Mapping[str, Any]) -> str:
    """Return the words of a request."""
    parts = body["messages"][-1]["content"]
    return next(part["text"] for part in parts if part["type"] == "text")


@dataclass
class Endpoint:
    """A running server.

    Args:
        base_url: Its address.
        bodies: Of all requests so far.
        headers: Of the last request.
        most_at_once: Requests that were under way together.
    """

    base_url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    most_at_once: int = 0
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def endpoint(rule: Rule) -> Iterator[Endpoint]:
    """Run a server while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with running.lock:
                count = len(running.bodies)
                running.bodies.append(body)
                running.headers = dict(self.headers)
                running.under_way += 1
                running.most_at_once = max(running.most_at_once, running.under_way)
            try:
                self._send(rule(body, count))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                with running.lock:
                    running.under_way -= 1

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            promised = sum(map(len, response.content)) + response.cut
            for name, value in {**response.headers, "content-length": str(promised)}.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in response.content:
                time.sleep(response.pause_s)
                self.wfile.write(piece)
                self.wfile.flush()
            self.close_connection = response.cut

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Write nothing of clients that are gone."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
