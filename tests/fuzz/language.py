"""Vision-language models that are damaged, and servers that answer with anything."""

from __future__ import annotations

import json
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fakes.fake_endpoint import JSON, Response, endpoint, said
from fuzz.ground import Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, HOSTILE_VALUES, damaged_bytes, damaged_json
from fuzz.programs import command_of
from fuzz.texts import TOML_VALUES

OPTIONS = (
    *("base_url", "model", "api_key_env", "allow_remote", "dialect", "omit", "token_limit", "body"),
    *("max_new_tokens", "concurrency", "timeout_s", "patience_s", "max_requests", "max_cost"),
    *("price_in", "policy", "composition", "size_px", "decoding", "nonsense"),
)
URLS = (
    *(
        "http://10.1.2.3/v1",
        "https://[::1",
        "http://127.0.0.1:0/v1",
        "file:///etc/passwd",
        "http://",
    ),
    *("http://user:pw@127.0.0.1/v1", "http://127.0.0.1:99999999/v1", "http://localhost/\x1b[31m"),
)
HEADERS = (
    JSON,
    {"content-type": "text/event-stream"},
    {"content-type": "application/json", "content-encoding": "gzip"},
    {"location": "http://10.9.8.7/", "content-type": "application/json"},
    {"retry-after": "1e9", "content-type": "application/json"},
)
RUNNING = ExitStack()
"""Servers that run until the process ends."""


def endpoints(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage the table of a server, or have a server answer what it should not."""
    seed = rng.random()
    server = RUNNING.enter_context(endpoint(lambda *_: _answer(random.Random(seed))))
    table = {
        "kind": '"openai-vision"',
        "base_url": json.dumps(server.base_url),
        "model": '"m"',
        "policy": '"brain-middle"',
        "size_px": "56",
        "timeout_s": "1",
        "patience_s": "1",
        "answers": '"out/answers.sqlite"',
    }
    what = f"answers {_answer(random.Random(seed)).content[0][:40]!r}"
    if rng.random() < 0.5:
        option = rng.choice(OPTIONS)
        values = URLS if option == "base_url" else HOSTILE_TEXTS
        table[option] = rng.choice((*TOML_VALUES, *map(json.dumps, values)))
        what = f"{option} = {table[option][:30]!r}"
    return Hostile(command_of(rng, here, ground, table), f"language: {what}")


def checkpoints(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a checkpoint: its settings, its tokenizer, its processor, its weights."""
    folder = copied(ground.checkpoint, here / "model")
    path = rng.choice(sorted(folder.iterdir()))
    if rng.random() < 0.1:
        path.unlink()
        what = "deleted"
    else:
        damage = damaged_json if path.suffix == ".json" else damaged_bytes
        what, content = damage(rng, path.read_bytes())
        path.write_bytes(content)
    table = {
        "kind": '"hf-vision"',
        "model": '"model"',
        "policy": '"brain-middle"',
        "max_new_tokens": "4",
        "device": '"cpu"',
    }
    return Hostile(command_of(rng, here, ground, table), f"language: {path.name}: {what}")


def _answer(rng: random.Random) -> Response:
    """Answer a request with anything, the same for the same state of chance."""
    way = rng.randrange(6)
    if way == 0:
        return Response(
            rng.choice((204, 301, 400, 401, 418, 429, 500, 599)), headers=rng.choice(HEADERS)
        )
    if way == 1:
        return Response(200, (damaged_bytes(rng, said("{}").content[0])[1] or b" ",))
    if way == 2:
        return Response(200, (rng.choice((b"", b"null", b"[" * 10**6, b"{}", b'{"choices": 3}')),))
    if way == 3:
        return said(rng.choice(HOSTILE_TEXTS))
    entry: dict[str, Any] = {"token": rng.choice(HOSTILE_VALUES), "top_logprobs": [{}]}
    if way == 4:
        entry = {
            "token": "H",
            "top_logprobs": [{"token": "H", "logprob": rng.choice(HOSTILE_VALUES)}],
        }
    more = {rng.choice(("message", "finish_reason", "logprobs")): rng.choice(HOSTILE_VALUES)}
    return said('{"grade": "HGG"}', **{"logprobs": {"content": [entry]}, **more})
