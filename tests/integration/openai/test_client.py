"""A server may be slow, busy, broken or hostile: nothing hangs, and nothing goes elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("httpx", reason="the extra `openai` is not installed")

from fakes.fake_endpoint import JSON, Response, endpoint, said
from gliobench.adapters.openai.client import LARGEST_BYTES, Client
from gliobench.domain.errors import BackendError, GliobenchError, JobError, StoreError

BUSY = Response(429, headers=JSON | {"retry-after": "0.05"})


class Count:
    """Counts tries, and what became of them."""

    def __init__(self) -> None:
        self.became: list[str] = []

    def start(self) -> None:
        self.became.append("started")

    def answered(self, _: Mapping[str, Any]) -> None:
        self.became[-1] = "answered"

    def refused(self) -> None:
        self.became[-1] = "refused"

    def unsent(self) -> None:
        self.became[-1] = "unsent"


def client(url: str, **more: Any) -> Client:
    return Client(url, is_local=True, **{"timeout_s": 5.0, "patience_s": 5.0} | more)


def first(*responses: Response) -> Callable[[dict[str, Any], int], Response]:
    """Answer the first requests so, and the later ones as the last."""
    return lambda _, count: responses[min(count, len(responses) - 1)]


@pytest.mark.parametrize(
    "fault",
    [
        BUSY,
        Response(429, headers=JSON | {"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        Response(500, (b"<html>oops</html>",)),
        Response(503),
        Response(200, (b'{"choices": [{"mess',)),
        Response(200, (b'{"choices": [', b"{"), cut=True),
        Response(200, (b"[" * 100_000,)),
    ],
    ids=["busy", "busy until a date", "500", "503", "cut JSON", "cut connection", "nested"],
)
def test_what_may_succeed_is_tried_again_and_counted(fault: Response) -> None:
    count = Count()

    with endpoint(first(fault, said("yes"))) as server:
        answer = client(server.base_url).post("/chat/completions", b"{}", count)

    assert answer["choices"][0]["message"]["content"] == "yes"
    assert count.became == ["refused" if fault.status == 429 else "started", "answered"]
    assert len(server.bodies) == 2


REFUSALS = {
    "redirect": (Response(307, headers={"location": "http://203.0.113.7/v1"}), "203.0.113.7"),
    "permanent": (Response(301, headers={"location": "https://x.org/?key=sk"}), "not followed"),
    "key": (Response(401), r"refuses us \(401\).*api_key_env"),
    "request": (Response(400, (b'{"error": {"message": "no\\nlogprobs"}}',)), r"400.*no"),
    "model": (Response(404, (b"<html>" * 9999,)), r"refuses us \(404\)"),
    "page": (Response(200, (b"<html>",), {"content-type": "text/html"}), "text/html"),
    "untyped": (Response(200, (b"{}",), {}), "wanted plain application/json"),
    "packed": (Response(200, (b"x",), JSON | {"content-encoding": "gzip"}), "wanted plain"),
    "list": (Response(200, (b"[1]",)), "wanted an object"),
    "large": (Response(200, (b" " * 2**20,) * 10), "over 8 MiB"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_one_line_and_not_tried_again(kind: str) -> None:
    response, told = REFUSALS[kind]

    with endpoint(first(response)) as server, pytest.raises(JobError, match=told) as raised:
        client(server.base_url).post("/chat/completions", b"{}", Count())

    assert len(server.bodies) == 1
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 1000
    assert "sk" not in str(raised.value)


def test_after_an_answer_a_refusal_is_that_of_one_request() -> None:
    with endpoint(first(said("yes"), Response(400))) as server:
        asked = client(server.base_url)
        asked.post("/chat/completions", b"{}", Count())

        with pytest.raises(BackendError, match="refuses the request"):
            asked.post("/chat/completions", b"{}", Count())


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404])
def test_what_no_other_request_would_fare_better_with_ends_the_job(status: int) -> None:
    with endpoint(first(said("yes"), Response(status))) as server:
        asked = client(server.base_url)
        asked.post("/chat/completions", b"{}", Count())

        with pytest.raises(JobError):
            asked.post("/chat/completions", b"{}", Count())


def test_a_gigabyte_is_not_read() -> None:
    piece = b" " * 2**20

    with endpoint(first(Response(200, (piece,) * 1024))) as server:
        began = time.monotonic()
        with pytest.raises(GliobenchError, match="over 8 MiB"):
            client(server.base_url).post("/chat/completions", b"{}", Count())

    assert 1024 * len(piece) > LARGEST_BYTES
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "response",
    [Response(200, (b"{}",), pause_s=3.0), Response(200, (b" ",) * 60, pause_s=0.05)],
    ids=["never answers", "drips"],
)
def test_a_server_that_takes_for_ever_is_given_up(response: Response) -> None:
    with endpoint(first(response)) as server, pytest.raises(StoreError, match="could not answer"):
        client(server.base_url, timeout_s=0.3, patience_s=0.8).post("/c", b"{}", Count())

    assert 1 <= len(server.bodies) <= 4


def test_where_no_server_is_the_job_may_be_tried_later() -> None:
    with endpoint(first(said(""))) as server:
        pass

    count = Count()
    with pytest.raises(StoreError, match="could not answer within 0.5 s"):
        client(server.base_url, patience_s=0.5).post("/chat/completions", b"{}", count)

    assert set(count.became) == {"unsent"}


def test_a_busy_server_is_asked_by_fewer_at_a_time() -> None:
    def rule(body: dict[str, Any], count: int) -> Response:
        time.sleep(0.01)
        return BUSY if server.under_way > 2 else said("yes")

    with endpoint(rule) as server:
        asked = client(server.base_url, concurrency=16, patience_s=60.0)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: asked.post("/c", b"{}", Count()), range(80)))

    assert asked.turns.limit <= 8
    assert server.most_at_once <= 16
    assert len(server.bodies) < 180


def test_a_turn_that_is_waited_for_is_not_counted_as_time_of_the_answer() -> None:
    slow = Response(200, said("yes").content, pause_s=0.4)

    with endpoint(first(slow)) as server:
        asked = client(server.base_url, concurrency=1, timeout_s=1.0)
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda _: asked.post("/c", b"{}", Count()), range(5)))

    assert len(server.bodies) == 5


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://203.0.113.7:9")

    with endpoint(first(said("yes"))) as server:
        client(server.base_url).post("/chat/completions", b"{}", Count())

    assert len(server.bodies) == 1


def test_the_key_is_sent_as_a_bearer_token_and_hidden_in_errors() -> None:
    echoed = Response(400, (json.dumps({"error": "key sk-abcdef123456 is wrong"}).encode(),))

    with endpoint(first(echoed)) as server, pytest.raises(JobError) as raised:
        client(server.base_url, key="sk-abcdef123456").post("/c", b"{}", Count())

    assert server.headers["authorization"] == "Bearer sk-abcdef123456"
    assert "sk-abcdef123456" not in str(raised.value)
