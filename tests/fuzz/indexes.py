"""Hostile indexes of datasets: what `gliobench dataset index` wrote, and a disk or a person damaged."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.ground import Ground, copied
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS, HOSTILE_VALUES, damaged_bytes, damaged_json
from fuzz.texts import DATASETS

ROOTS = [root for root in DATASETS if not root.startswith(("http:", "memory:", "s3:"))]
"""Not those whose files would be looked for, and the cache be made for them."""
FACTS = b"gliobench.index"
PATHS = ("../x", "/etc/passwd", "a/../../x", "", ".", "x\x00", "studies", "BraTS20_Training_001")
WHOLES = (-1, 0, 1, 2**31, 2**62, None)


def indexes(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage an index: its bytes, a value, a column, the order of its rows, what its footer says."""
    path = copied(ground.index, here / "out" / "index.parquet")
    way = rng.randrange(10)
    if way < 2:
        what, content = damaged_bytes(rng, path.read_bytes())
        path.write_bytes(content)
        return Hostile(_command(rng, ground), f"index: {what}")
    table = pq.read_table(path)
    held = dict(pq.read_metadata(path).metadata)
    del held[b"ARROW:schema"]
    if way < 6:
        what, table = _damaged_value(rng, table)
    elif way < 8:
        what, table = _damaged_rows(rng, table)
    else:
        what = _damage_footer(rng, held)
    rows = rng.choice((1, 2, 10**6)) if len(table) < 100 else 10**6
    pq.write_table(table.replace_schema_metadata(held), path, row_group_size=rows)
    return Hostile(_command(rng, ground), f"index: {what}")


def _command(rng: random.Random, ground: Ground) -> tuple[str, ...]:
    index = "out/index.parquet"
    evaluate = ("evaluate", index, "--backend=brain-centroid", "--out", "out/run")
    return rng.choice(
        [
            ("dataset", "verify", index),
            ("dataset", "fingerprint", index, "--json"),
            ("dataset", "index", str(ground.studies), "--out", index),
            ("dataset", "index", index, "--out", "out/other.parquet"),
            (*evaluate, "--shard", f"{rng.randrange(3)}/3"),
            (*evaluate, "--limit", "1"),
            ("--set", f"index_root={rng.choice(ROOTS)}", *evaluate),
        ]
    )


def _damaged_value(rng: random.Random, table: pa.Table) -> tuple[str, pa.Table]:
    rows = table.to_pylist()
    row: Any = rng.choice(rows)
    name = rng.choice(table.column_names)
    holder: Any = row
    if name == "files" and row["files"] and rng.random() < 0.9:
        holder = rng.choice(row["files"])
        name = rng.choice(list(holder))
    whole = name == "size"
    texts = PATHS if name in ("path", "folder", "twins") else (*HOSTILE_TEXTS, "1/4", "4/4", "x/y")
    value = rng.choice(WHOLES if whole else (*texts, *HOSTILE_VALUES))
    holder[name] = [value] if name in ("flags", "twins", "notes") else value
    try:
        changed = pa.Table.from_pylist(rows, schema=table.schema)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return f"{name} of another type", _retyped(rng, table, name)
    return f"{name} = {str(value)[:20]!r}", changed


def _retyped(rng: random.Random, table: pa.Table, name: str) -> pa.Table:
    at = table.column_names.index(name if name in table.column_names else "files")
    values = pa.array([rng.choice((1, 2.5, True, None))] * len(table))
    return table.set_column(at, table.column_names[at], values)


def _damaged_rows(rng: random.Random, table: pa.Table) -> tuple[str, pa.Table]:
    name = rng.choice(table.column_names)
    ways = {
        "no rows": table[:0],
        "rows repeated": pa.concat_tables([table] * rng.choice((2, 3, 40_000))),
        "not sorted": table.take(pa.array(range(len(table) - 1, -1, -1))),
        f"no {name}": table.drop_columns([name]),
        f"{name} twice": table.append_column(name, table[name]),
        f"no values of {name}": table.set_column(
            table.column_names.index(name),
            table.schema.field(name),
            pa.nulls(len(table), table.schema.field(name).type),
        ),
    }
    what = rng.choice(list(ways))
    return what, ways[what]


def _damage_footer(rng: random.Random, held: dict[bytes, bytes]) -> str:
    key = rng.choice(sorted(held))
    if key == FACTS and rng.random() < 0.5:
        facts = json.loads(held[key]) | {"root": rng.choice(ROOTS)}
        held[key] = json.dumps(facts).encode()
        return f"root {facts['root'][:20]!r}"
    if rng.random() < 0.3:
        del held[key]
        return f"no {key.decode()}"
    if held[key][:1] in (b"{", b"["):
        what, held[key] = damaged_json(rng, held[key])
    else:
        what, held[key] = damaged_bytes(rng, held[key])
    return f"{key.decode()}: {what}"
