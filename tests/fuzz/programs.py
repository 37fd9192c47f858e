"""Tables of programs that are wrong, and programs that write anything."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from fuzz.ground import STUDIES, Ground
from fuzz.harness import Hostile
from fuzz.mutations import HOSTILE_TEXTS
from fuzz.texts import TOML_VALUES

OPTIONS = (
    *("command", "check", "input", "modalities", "file_ending", "output", "labels", "kind"),
    *("probabilities", "threshold", "grade_key", "probability_key", "version", "trained_on"),
    *("family", "batch", "env", "network", "timeout_s", "memory_gib", "nonsense"),
)
COMMANDS = (
    *(
        "",
        " ",
        "'",
        "no-such-program {output}",
        "/ {output}",
        ". {output}",
        "./gliobench.toml {mask}",
    ),
    *("sh", "sh {inptu} {output}", "sh {t1c} {output}", "sh -c 'exit 3' {output}", "true {output}"),
    *("sh -c 'kill -9 $$' {output}", "sh -c 'yes | head -c 3000000' {output}", "sh \0 {output}"),
)
FILES = ("case_000.nii.gz", "case_000_seg.nii", "case_000.npz", "grades.json", "case_000/mask.nii")
CONTENTS = (
    b"",
    b"\x1f\x8b",
    b"\x5c\x01\x00\x00" + bytes(400),
    b"PK\x03\x04",
    b"[" * 100_000,
    b"null",
    b'{"grade": "HGG"}',
    b'{"probability_hgg": 1e999}',
    b'{"probability_hgg": NaN}',
    b'{"case_000": {"grade": 3, "probability_hgg": "x"}}',
    b'{"case_000": [], "x": {}}',
    b'{"case_000": {"grade": "LGG", "probability_hgg": true}}',
    b"\xff\xfe{}",
)
WRITES = """
import os, shutil, sys
name, content, code = {name!r}, {content!r}, {code}
path = os.path.join(sys.argv[1], name)
os.makedirs(os.path.dirname(path), exist_ok=True)
if {way} == 0:
    open(path, "wb").write(content)
elif {way} == 1:
    os.mkfifo(path)
elif {way} == 2:
    os.symlink("/dev/zero", path)
elif {way} == 3:
    shutil.rmtree(sys.argv[1])
else:
    os.mkdir(path)
sys.stderr.buffer.write(b"\\x1b[31m\\xff\\x00" * 3)
sys.exit(code)
"""


def programs(rng: random.Random, here: Path, ground: Ground) -> Hostile:
    """Damage a table, or have a program write what it should not."""
    table = {"kind": '"command"', "labels": '"tumour"', "timeout_s": "5"}
    if rng.random() < 0.5:
        table["command"] = json.dumps("true {output}")
        option = rng.choice(OPTIONS)
        wrong = (*TOML_VALUES, *map(json.dumps, (*COMMANDS, *HOSTILE_TEXTS)))
        table[option] = rng.choice(wrong)
        what = f"{option} = {table[option][:30]!r}"
    else:
        name, content, way = (
            rng.choice(FILES),
            rng.choice(CONTENTS),
            rng.choice((0, 0, 0, 1, 2, 3, 4)),
        )
        script = WRITES.format(name=name, content=content, code=rng.choice((0, 0, 3)), way=way)
        (here / "script.py").write_text(script)
        table["command"] = json.dumps(f"'{sys.executable}' ./script.py {{output}}")
        table["output"] = '"grades.json"' if name == "grades.json" else '"masks"'
        if name.endswith(".npz"):
            table["probabilities"] = '"npz"'
        table["batch"] = rng.choice(("true", "false"))
        what = f"{name}, way {way}: {content[:20]!r}"
    return Hostile(command_of(rng, here, ground, table), f"program: {what}")


def command_of(
    rng: random.Random, here: Path, ground: Ground, table: dict[str, str]
) -> tuple[str, ...]:
    """Write the table of the backend `mine`, and return a command that runs it."""
    lines = "".join(f"{key} = {value}\n" for key, value in table.items())
    (here / "gliobench.toml").write_text(
        f"[backend.mine]\n{lines}", encoding="utf-8", errors="replace"
    )
    study = f"{ground.studies}/{STUDIES[0]}"
    return rng.choice(
        (
            ("predict", study, "--backend", "mine", "--out", "out"),
            ("evaluate", str(ground.studies), "--backend", "mine", "--out", "out"),
        )
    )
