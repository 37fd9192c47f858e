"""Print what a shard of ten million studies costs by an index, beside what the listing of a folder costs.

    python docs/results/ten_million.py

Makes an index of made-up studies (an id, four images, a mask and their checksums each), and real
small files for one shard of 100 of them. Then, each in a process of its own: opens the index and the
shard's first study, evaluates the shard by `gliobench evaluate index.parquet --shard`, lists folders of few and of
more studies as every shard did before there was an index, and by `gliobench dataset index`. Peaks of
memory are the processes' own (VmHWM).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.parquet.index_rows import ROWS, SCHEMA, index_table, write_tables
from gliobench.adapters.storage import file_version, open_storage
from gliobench.application.evaluate.shards import MOST_SHARDS, Shard
from gliobench.application.ports.study_index import IndexedStudy, IndexFacts
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.subjects import Subject

sys.path.append(str(Path(__file__).parents[2] / "tests"))

NAMES = ("t1n", "t1c", "t2w", "t2f", "seg")
IMPORTS = """
import gliobench.entrypoints.container.indexes
from gliobench.application.evaluate.save_cases import SavedImages
from gliobench.application.evaluate.shards import Shard, listing_hash
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.container import container
container.settings()
"""
FIRST_STUDY = """
source = container.dataset({index!r})
ids = source.study_ids()
part = Shard({shard}, {shards}).take(ids)
assert len(listing_hash(ids)) == 64 and len(ids.drawn(SavedImages().pictures)) == 1000
source.study(part[0]).volume(Modality.T1C)
"""
OPEN = """
from gliobench.entrypoints.container import container
assert len(container.dataset({place!r}).study_ids()) == {count}
"""
COMMAND = "import sys; sys.argv = {words!r}\nfrom gliobench.entrypoints.cli import main\nmain()"
REPORTED = """
import atexit, sys
def report():
    with open("/proc/self/status") as file:
        peak = next(line for line in file if line.startswith("VmHWM")).split()[1]
    print("peak", peak, file=sys.stderr)
atexit.register(report)
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took.

    Args:
        seconds: By the clock, from its start to its end.
        processor_s: Of all cores.
        peak_mib: Of memory.
    """

    seconds: float
    processor_s: float
    peak_mib: float

    def __str__(self) -> str:
        return f"{self.seconds:8.1f} s {self.processor_s:8.1f} s {self.peak_mib:8.0f} MiB"


def main() -> None:
    """Make the index and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=10_000_000)
    parser.add_argument("--listed", type=int, nargs=2, default=[30_000, 60_000])
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)  # in a process of its own
    asked = parser.parse_args()
    if asked.make:
        make(asked.make, asked.studies)
        return
    versions = f"Python {platform.python_version()}, pyarrow {pa.__version__}"
    print(f"{platform.platform()}, {os.cpu_count()} cores, {versions}\n")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), asked.studies, *asked.listed)


def measure(folder: Path, count: int, few: int, more: int) -> None:
    """Print a row for each process."""
    index, shard = folder / "index.parquet", shard_of(count)
    print(f"{'':38} {'clock':>10} {'processor':>10} {'memory':>12}")
    made = spent(__file__, "--make", str(folder), "--studies", str(count))
    print(f"{count:,} rows made and written".ljust(38), made)
    footer = pq.read_metadata(index)
    print(
        f"  {index.stat().st_size / 2**20:,.0f} MiB, {footer.num_row_groups} groups, a footer of "
        f"{footer.serialized_size / 2**20:.1f} MiB"
    )
    del footer
    code = FIRST_STUDY.format(index=str(index), shard=shard.index, shards=shard.of)
    print(
        "a process that imports all of it".ljust(38),
        run_code(IMPORTS),
    )
    print("shard and first study opened".ljust(38), run_code(IMPORTS + code))
    words = ["evaluate", str(index), "--backend", "brain-centroid", "--out", str(folder / "run")]
    words += ["--shard", f"{shard.index}/{shard.of}", "--quiet"]
    print(f"its evaluation, --shard {shard.index}/{shard.of}".ljust(38), command(*words))
    print_listing(folder, count, few, more)


def print_listing(folder: Path, count: int, few: int, more: int) -> None:
    """List folders, as all shards did, and as `gliobench dataset index` does."""
    places = [folders(folder / str(size), size) for size in (few, more)]
    opened = [
        run_code(OPEN.format(place=str(place), count=size))
        for place, size in zip(places, (few, more), strict=True)
    ]
    indexed = [
        command("dataset", "index", str(place), "--out", str(folder / f"{size}.parquet"))
        for place, size in zip(places, (few, more), strict=True)
    ]
    for what, (short, long) in (
        ("a folder listed by a shard", opened),
        ("by dataset index", indexed),
    ):
        print(f"{what}, {more:,} studies".ljust(38), long)
        each_s = (long.processor_s - short.processor_s) / (more - few)
        each_kib = max(0.0, (long.peak_mib - short.peak_mib) * 1024 / (more - few))
        print(
            f"  a study {1e3 * each_s:.2f} ms and {each_kib:.1f} KiB: {count:,} of them "
            f"{count * each_s / 3600:.1f} hours and {count * each_kib / 2**20:.1f} GiB"
        )


def shard_of(count: int) -> Shard:
    """Choose the shard that is measured: far from the start, and of a hundred studies."""
    shards = min(MOST_SHARDS, max(1, count // 100))
    return Shard(shards * 7 // 9, shards)


def make(folder: Path, count: int) -> None:
    """Write the index, and the files of the shard that is measured."""
    from fakes.fake_study_source import fake_case
    from fakes.study_folder import write_study

    shard, root = shard_of(count), folder / "cohort"
    edges = [count * edge // shard.of for edge in (shard.index, shard.index + 1)]
    for number in range(*edges):
        write_study(root, fake_case(name_of(number)), convention=BUILT_IN["brats-gli-2023"])
    real = list(BratsStudySource(root).indexed(root, file_version))
    labels = DatasetLabels(BUILT_IN["brats-gli-2023"])
    tables = (with_real(table, at, real, edges) for at, table in made_up(count))
    write_tables(open_storage(str(folder)), "index.parquet", tables, IndexFacts(str(root), labels))


def name_of(number: int) -> str:
    """Name a study."""
    return f"BraTS-GLI-{number:08}-000"


def made_up(count: int) -> Iterator[tuple[int, pa.Table]]:
    """Make groups of studies, each with the number of its first one."""
    draw = random.Random(0)
    for start in range(0, count, ROWS):
        names = [name_of(number) for number in range(start, min(start + ROWS, count))]
        files = len(names) * len(NAMES)
        paths = [f"{name}/{name}-{kind}.nii.gz" for name in names for kind in NAMES]
        roles = [*NAMES[:4], "mask"] * len(names)
        sizes = [draw.randrange(10**6, 10**7) for _ in range(files)]
        marks = [f"{draw.getrandbits(128):032x}-{size}" for size in sizes]
        whole = pa.nulls(files, pa.string())
        columns = [paths, roles, sizes, marks, [True] * files]
        struct = pa.StructArray.from_arrays(
            [*(pa.array(column) for column in columns), whole],
            fields=list(SCHEMA.field("files").type.value_type),
        )
        offsets = pa.array(range(0, files + 1, len(NAMES)), pa.int32())
        row = index_table([IndexedStudy("", "", subject=Subject(""), mask_name="_seg.nii.gz")])
        table = pa.concat_tables([row] * len(names)).combine_chunks()
        values = {
            "study_id": pa.array(names),
            "folder": pa.array(names),
            "patient_id": pa.array([name[:-4] for name in names]),
            "grade": pa.array([draw.choice(("HGG", "LGG")) for _ in names]),
            "files": pa.ListArray.from_arrays(offsets, struct),
        }
        for name, value in values.items():
            at = SCHEMA.get_field_index(name)
            table = table.set_column(at, SCHEMA.field(at), value)
        yield start, table


def with_real(table: pa.Table, start: int, real: list[IndexedStudy], edges: list[int]) -> pa.Table:
    """Put the studies that are there into the place of those that are made up."""
    first, last = (min(max(edge - start, 0), len(table)) for edge in edges)
    if first == last:
        return table
    there = islice(real, start + first - edges[0], start + last - edges[0])
    return pa.concat_tables([table[:first], index_table(list(there)), table[last:]])


def folders(root: Path, count: int) -> Path:
    """Make the folders of studies, with files that hold nothing."""
    for number in range(count):
        name = name_of(number)
        (root / name).mkdir(parents=True)
        for kind in NAMES:
            (root / name / f"{name}-{kind}.nii.gz").touch()
    return root


def command(*words: str) -> Spent:
    """Run the command line."""
    return run_code(COMMAND.format(words=["gliobench", *words]))


def run_code(code: str) -> Spent:
    """Run code in a process that reports its own peak of memory."""
    return spent("-c", REPORTED + code)


def spent(*arguments: str) -> Spent:
    """Run Python in a process of its own, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLIOBENCH_THREADS": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"failed: {' '.join(arguments)[-200:]}\n{said[-2000:]}")
    peaks = [int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("peak ")]
    seconds = time.perf_counter() - began
    return Spent(
        seconds, usage.ru_utime + usage.ru_stime, peaks[-1] if peaks else usage.ru_maxrss / 1024
    )


if __name__ == "__main__":
    main()
