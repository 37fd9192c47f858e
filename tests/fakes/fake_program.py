"""A program that finds bright voxels, or misbehaves; it needs nothing but Python.

    fake_program.py MODE INPUT OUTPUT [ARGUMENT]

INPUT is a folder in nnU-Net's layout; a mask is written for each case: T2-FLAIR above 130. Modes are
the functions below.
"""

# ruff: noqa: T201 -- a program prints
from __future__ import annotations

import array
import gzip
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

BRIGHT = 130
UINT8, INT16 = 2, 4


def threshold(cases: list[str], source: Path, out: Path, *_: str) -> None:
    for case in cases:
        mask(source / f"{case}_0003.nii.gz", out / f"{case}.nii.gz")


def sure(cases: list[str], source: Path, out: Path, share: str) -> None:
    """Write how sure it is of its first mask, too."""
    threshold(cases, source, out)
    (out / "confidence.csv").write_text(f"study_id,confidence\n{cases[0]},{share}\n")


def crash(cases: list[str], source: Path, out: Path, *_: str) -> None:
    print("about to fail")
    print(f"no model for {cases[0]} in {source}", file=sys.stderr)
    sys.exit(3)


def crash_after_all(cases: list[str], source: Path, out: Path, *_: str) -> None:
    threshold(cases, source, out)
    sys.exit(4)


def half(cases: list[str], source: Path, out: Path, *_: str) -> None:
    """Write the first case, then crash unless there is only one."""
    threshold(cases[:1], source, out)
    sys.exit(5 if len(cases) > 1 else 0)


def dislikes(cases: list[str], source: Path, out: Path, shape: str) -> None:
    """Crash as soon as a case has this first length."""
    for case in cases:
        if length(source, case) == int(shape):
            sys.exit(6)
        threshold([case], source, out)


def hang(cases: list[str], source: Path, out: Path, pids: str) -> None:
    """Sleep, and have a child sleep in a session of its own; both are named in a file."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    told = Path(pids).with_suffix(".new")
    told.write_text(f"{os.getpid()} {child.pid}")
    told.rename(pids)
    time.sleep(600)


def hang_at_second(cases: list[str], source: Path, out: Path, calls: str) -> None:
    """Hang at the second call while a file `hang` is there; calls are counted by files."""
    folder = Path(calls)
    number = len(list(folder.glob("call-*"))) + 1
    (folder / f"call-{os.getpid()}").touch()
    if number == 2 and (folder / "hang").exists():
        hang(cases, source, out, str(folder / "pids"))
    threshold(cases, source, out)


def stubborn(cases: list[str], source: Path, out: Path, *_: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def leave_child(cases: list[str], source: Path, out: Path, pids: str) -> None:
    """End well, but leave a child behind that holds both streams open."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Path(pids).write_text(str(child.pid))
    threshold(cases, source, out)


def garbage(cases: list[str], source: Path, out: Path, *_: str) -> None:
    for case in cases:
        (out / f"{case}.nii.gz").write_bytes(b"\x1f\x8bthis is no image")


def nothing(cases: list[str], source: Path, out: Path, *_: str) -> None:
    print("done")


def wrong_grid(cases: list[str], source: Path, out: Path, *_: str) -> None:
    for case in cases:
        mask(source / f"{case}_0003.nii.gz", out / f"{case}.nii.gz", shift_mm=40.0)


def loud(cases: list[str], source: Path, out: Path, *_: str) -> None:
    for number in range(300):
        print(f"{number} " * 20_000)
    print("the last line", file=sys.stderr)
    sys.exit(1)


def hungry(cases: list[str], source: Path, out: Path, *_: str) -> None:
    held = bytearray(os.urandom(1024)) * (400 * 1024)
    time.sleep(600)
    print(len(held))


def tells(cases: list[str], source: Path, out: Path, *words: str) -> None:
    """Write what it sees of this machine."""
    seen = {
        "environment": dict(os.environ),
        "words": words,
        "stdin": sys.stdin.read(),
        "cwd": str(Path.cwd()),
        "cases": cases,
    }
    print(json.dumps(seen))


def network(cases: list[str], source: Path, out: Path, port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as line:
        line.sendall(b"patients")


def writes(cases: list[str], source: Path, out: Path, name: str, *lines: str) -> None:
    """Write masks, and a file: each line as it is, or for each case where it names one."""
    rows = [
        line.replace("CASE", case)
        for line in lines
        for case in (cases if "CASE" in line else cases[:1])
    ]
    (out / name).write_text("".join(f"{row}\n" for row in rows))
    threshold(cases, source, out)


def misgrades(cases: list[str], source: Path, out: Path, shape: str) -> None:
    """Write a grade of the WHO for a case of this first length."""
    rows = (f"{case},{'3' if length(source, case) == int(shape) else 'HGG'}" for case in cases)
    (out / "grades.csv").write_text("\n".join(["case,grade", *rows]))


def half_grades(cases: list[str], source: Path, out: Path, *_: str) -> None:
    """Write all masks, and the grade of the first case."""
    threshold(cases, source, out)
    (out / "grades.csv").write_text(f"case,grade\n{cases[0]},HGG\n")


def length(source: Path, case: str) -> int:
    header = gzip.decompress((source / f"{case}_0003.nii.gz").read_bytes())[:348]
    return int(struct.unpack_from("<h", header, 42)[0])


def mask(image: Path, path: Path, shift_mm: float = 0.0) -> None:
    """Write the bright voxels of a little-endian NIfTI image as a mask on its grid."""
    content = gzip.decompress(image.read_bytes())
    header, offset = bytearray(content[:352]), int(struct.unpack_from("<f", content, 108)[0])
    is_int16 = struct.unpack_from("<h", header, 70)[0] == INT16
    values = array.array("h" if is_int16 else "f", content[offset:])
    struct.pack_into("<2h", header, 70, UINT8, 8)
    for at in (268, 292):  # offsets of qform and of sform along x
        was = struct.unpack_from("<f", header, at)[0]
        struct.pack_into("<f", header, at, was + shift_mm)
    path.write_bytes(gzip.compress(bytes(header) + bytes(value > BRIGHT for value in values)))


if __name__ == "__main__":
    mode, source, out, *rest = sys.argv[1:]
    ending = "_0000.nii.gz"
    found = sorted(item.name.removesuffix(ending) for item in Path(source).glob(f"*{ending}"))
    globals()[mode](found, Path(source), Path(out), *rest)
