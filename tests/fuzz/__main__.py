"""`make fuzz`: thousands of hostile inputs through the command line, and what became of them.

Exits with 1 where one has met a fault: a traceback, an exit code that is not documented, an error of
more than one line, a file outside of --out, more than 2 GiB of memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # no pool of threads is carried over a fork

from fakes.onnx_file import write_subset_weights
from fuzz import (
    archives,
    backends,
    dicom,
    images,
    imports,
    indexes,
    language,
    layouts,
    masks,
    programs,
    raw,
    runs,
    texts,
)
from fuzz.ground import Ground, make_ground
from fuzz.harness import Hostile, Make, Verdict, judged

KINDS: dict[str, Make] = {
    "raw heads": raw.raw_heads,  # first, as each takes longest
    "headers": images.headers,
    "orientations": images.orientations,
    "gzip": images.gzips,
    "subsets": images.subsets,
    "archives": archives.archives,
    "bids": layouts.bids,
    "nnunet": layouts.nnunet,
    "decathlon": layouts.decathlon,
    "png": images.pictures,
    "run folders": runs.run_folders,
    "onnx": runs.networks,
    "region graders": runs.region_graders,
    "masks": masks.masks,
    "tables": texts.tables,
    "metadata": texts.metadata,
    "indexes": indexes.indexes,
    "settings": texts.settings,
    "ids": texts.ids,
    "npz": runs.archives,
    "adapters": runs.adapters,
    "backends": backends.backends,
    "programs": programs.programs,
    "imports": imports.imports,
    "frames": imports.frames,
    "trained": imports.trained,
    "dicom": dicom.exports,
    "segmentations": dicom.segmentations,
    "endpoints": language.endpoints,
    "checkpoints": language.checkpoints,
}
_OF_TRANSFORMERS = {"adapters", "checkpoints"}
"""Kinds that need transformers, whose import takes long."""


def main() -> int:
    """Run what the arguments ask for and print the table."""
    asked = _arguments()
    began = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="gliobench-fuzz-"))
    try:
        _import_all(asked.kind)
        ground = _ground(work)
        stop = began + asked.seconds if asked.seconds else float("inf")
        chosen = _inputs(asked.kind, asked.inputs, asked.seed, stop)
        verdicts = list(judged(chosen, ground, work=work, jobs=asked.jobs))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _print(verdicts, time.monotonic() - began)
    return int(any(one.faults for one in verdicts))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=250, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first input of each kind")
    parser.add_argument("--seconds", type=float, help="begin no input after so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kind", nargs="*", choices=KINDS, default=list(KINDS))
    return parser.parse_args()


def _inputs(
    kinds: list[str], count: int, first: int, stop: float
) -> Iterator[tuple[str, int, Make]]:
    """Take the kinds in turn, each at least once: whenever time is up, each has had its share."""
    for seed in range(first, first + count):
        for kind in kinds:
            if time.monotonic() > stop and seed > first:
                return
            yield kind, seed, KINDS[kind]


def _import_all(kinds: list[str]) -> None:
    """Import once what every child would: a fork has it for nothing."""
    of_transformers = _OF_TRANSFORMERS & set(kinds)
    left_out = {"ray", "monai", "executors"} | (set() if of_transformers else {"transformers"})
    for layer in ("domain", "application", "adapters", "entrypoints"):
        root = Path(next(iter(import_module(f"gliobench.{layer}").__path__)))
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if not left_out & set(parts):
                import_module(".".join(("gliobench", layer, *parts)).removesuffix(".__init__"))
    import_module("dependency_injector.wiring")
    import_module("rich.table")
    if of_transformers:
        import_module("peft")


def _ground(work: Path) -> Ground:
    """Make the valid files, which also shows that gliobench takes them."""
    ground = make_ground(work / "ground")
    write_subset_weights(ground.subset_weights)
    import_module("fakes.tiny_families").tiny_checkpoint("gemma3", ground.checkpoint)
    backends = (f"--backend={one}" for one in runs.BACKENDS)
    _expect(ground, "run", ("evaluate", str(ground.studies), *backends, "--out", str(ground.run)))
    split = ("dataset", "split", str(ground.studies), "--folds", "2", "--out", str(ground.cohort))
    _expect(ground, "cohort", split)
    listed = ("dataset", "index", str(ground.studies), "--out", str(ground.index))
    _expect(ground, "index", listed)
    return ground


def _expect(ground: Ground, what: str, args: tuple[str, ...]) -> None:
    def make(*_: object) -> Hostile:
        return Hostile(args, what)

    (verdict,) = judged([(what, 0, make)], ground, work=ground.folder.parent, jobs=1)
    if verdict.code not in (0, 3) or verdict.faults:
        raise SystemExit(f"a valid {what} could not be made: {verdict}")


def _print(verdicts: list[Verdict], seconds: float) -> None:
    rows = [
        f"{'kind':<12} {'inputs':>6}  {'exit codes':<38} {'slowest':>8} {'memory':>9} {'faults':>6}"
    ]
    for kind in KINDS:
        its = [one for one in verdicts if one.kind == kind]
        if its:
            rows.append(_row(kind, its))
    rows.append(_row("all", verdicts))
    faulty = [one for one in verdicts if one.faults]
    for one in faulty:
        rows += [f"\n{one.kind} {one.seed}: {one.what}", f"  gliobench {one.command}"]
        rows += [f"  exit code {one.code}: {'; '.join(one.faults)}", *_indented(one.stderr)]
    rows.append(f"\n{len(verdicts)} hostile inputs in {seconds:.0f} s, {len(faulty)} with faults")
    sys.stdout.write("\n".join(rows) + "\n")


def _row(kind: str, its: list[Verdict]) -> str:
    counted = sorted(Counter(one.code for one in its).items())
    codes = " ".join(f"{code}:{count}" for code, count in counted)
    slowest = max((one.seconds for one in its), default=0.0)
    peak = max((one.peak_bytes for one in its), default=0)
    faults = sum(bool(one.faults) for one in its)
    return f"{kind:<12} {len(its):>6}  {codes:<38} {slowest:>6.1f} s {peak / 2**20:>5.0f} MiB {faults:>6}"


def _indented(text: str) -> list[str]:
    return [f"    {ascii(line)[1:-1]}" for line in text.splitlines()[-14:]]


if __name__ == "__main__":
    sys.exit(main())
