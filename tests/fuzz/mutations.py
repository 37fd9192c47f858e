"""How a file is damaged: what a disk does to bytes, and what people write into documents."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

HOSTILE_TEXTS = (
    "",
    " ",
    "NaN",
    "-1",
    "0",
    "1e400",
    "9" * 5000,
    "a" * 100_000,
    "膠腫" * 40,
    "../../etc/passwd",
    "/",
    "a\nb\r\nc",
    "\x1b[31mred\x1b[0m",
    "\u202egpj.exe",
    "=1+1",
    "%s%n{0}",
    "[bold]x[/bold] [/]",
    "<script>alert(1)</script>",
    "\x00",
    "\x7f\x85\u2028",
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    10**30,
    -(10**30),
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    [None],
    {"": None},
    [0] * 10_000,
    *HOSTILE_TEXTS,
)


def damaged_bytes(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    """Damage bytes as disks, transfers and people do; also name the damage."""
    ways: list[Callable[[random.Random, bytes], bytes]] = [
        _flipped,
        _flipped,
        _truncated,
        _zeroed,
        _inserted,
        _doubled,
        _head_flipped,
        _tail_flipped,
        _empty,
        _garbage,
    ]
    way = rng.choice(ways)
    return way.__name__.strip("_"), way(rng, content)


def damaged_json(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    """Damage a JSON document: mostly one value of it, else its text."""
    way = rng.randrange(12)
    if way == 0:
        return damaged_bytes(rng, content)
    if way == 1:
        return "deep", b"[" * 100_000
    if way == 2:
        return "deep object", b'{"a":' * 50_000
    if way == 3:
        coding = rng.choice(["utf-16", "utf-8-sig", "utf-32"])
        return coding, content.decode().encode(coding)
    document = json.loads(content)
    what = _damage_value(rng, document)
    return what, json.dumps(document).encode()


def _damage_value(rng: random.Random, document: Any) -> str:
    """Change one value of a document, at any depth, in place."""
    places = [(holder, key) for holder, key in _places(document, 0)]
    if not places:
        return "nothing"
    holder, key = rng.choice(places)
    way = rng.randrange(6)
    if way == 0:
        del holder[key]
        return f"{key} deleted"
    if way == 1 and isinstance(holder, dict):
        holder[rng.choice(HOSTILE_TEXTS)] = rng.choice(HOSTILE_VALUES)
        return f"added beside {key}"
    if way == 2 and isinstance(holder[key], str):
        holder[key] = holder[key][: rng.randrange(len(holder[key]) + 1)] + rng.choice(HOSTILE_TEXTS)
        return f"{key} extended"
    if way == 3:
        holder[key] = [holder[key]] * rng.choice([1, 2, 50])
        return f"{key} in a list"
    holder[key] = rng.choice(HOSTILE_VALUES)
    return f"{key} = {str(holder[key])[:20]!r}"


def _places(value: Any, depth: int) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value[:20]))
    else:
        return found
    for key, inner in pairs:
        found.append((value, key))
        if depth < 4:
            found += _places(inner, depth + 1)
    return found


def _flipped(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(min(rng.choice([1, 3, 30]), len(changed))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _head_flipped(rng: random.Random, content: bytes) -> bytes:
    return _flipped(rng, content[:400]) + content[400:]


def _tail_flipped(rng: random.Random, content: bytes) -> bytes:
    return content[:-400] + _flipped(rng, content[-400:])


def _truncated(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _zeroed(rng: random.Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    length = min(rng.choice([16, 512, 4096]), len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


def _inserted(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.randbytes(rng.choice([1, 7, 4096])) + content[at:]


def _doubled(_: random.Random, content: bytes) -> bytes:
    return content + content


def _empty(_: random.Random, __: bytes) -> bytes:
    return b""


def _garbage(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.choice([1, 100, 10_000]))
