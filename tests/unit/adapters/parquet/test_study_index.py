"""The index of a dataset as one file, read a stretch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fakes.fake_storage import FakeStorage
from gliobench.adapters.parquet.index_rows import SCHEMA, index_table, write_index, write_tables
from gliobench.adapters.parquet.study_index import ParquetStudyIndex
from gliobench.application.evaluate.shards import Shard, listing_hash
from gliobench.application.ports.dataset_path import FileVersion
from gliobench.application.ports.study_index import IndexedFile, IndexedStudy, IndexFacts
from gliobench.application.ports.study_source import Listing
from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.evaluation.saved_case import chosen
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Grade
from gliobench.domain.studies.subjects import Subject

NAME = "index.parquet"
FACTS = IndexFacts("/data/cohort", DatasetLabels(BUILT_IN["nnunet-brats"], "so it is"), "what?")
ROWS = 10


def study(number: int) -> IndexedStudy:
    name = f"s{number:05}"
    file = IndexedFile(f"a/{name}/{name}_t1c.nii.gz", "t1c", FileVersion(number, "a mark", True))
    return IndexedStudy(name, f"a/{name}", (file,), subject=Subject(f"p{number}"))


ODD = IndexedStudy(
    study_id="z",
    folder="",
    files=(
        IndexedFile("Pati\udceb\\xeb/膠腫.nii.gz", "t2f", FileVersion(2**40, "1 2"), (1, 4)),
        IndexedFile("b/mask", "other_mask", FileVersion(0, "")),
    ),
    patient="of the folder",
    subject=Subject("p", Grade.LGG, "site"),
    twins=("x", "y\\"),
    mask_name="_seg.nii.gz",
    is_named_by_folder=True,
    has_odd_name=True,
    notes=((FaultKind.REPEATED_ROW, "rows 1 and 2"),),
)
STUDIES = [*map(study, range(95)), ODD]


def written(studies: list[IndexedStudy] = STUDIES, rows: int = ROWS) -> FakeStorage:
    storage = FakeStorage()
    tables = [index_table(studies[at : at + rows]) for at in range(0, len(studies), rows)]
    write_tables(storage, NAME, tables, FACTS)
    return storage


def test_what_was_listed_is_read_back() -> None:
    storage = FakeStorage()

    count = write_index(storage, NAME, STUDIES, FACTS)

    index = ParquetStudyIndex(storage, NAME)
    assert (count, index.facts) == (len(STUDIES), FACTS)
    assert list(index.studies()) == STUDIES
    assert [index.study(study.study_id) for study in STUDIES] == STUDIES
    assert [index.study(name) for name in ("a", "s00001x", "zz")] == [None, None, None]


def test_the_ids_are_a_sequence_like_the_list_of_them() -> None:
    ids, wanted = (
        ParquetStudyIndex(written(), NAME).study_ids(),
        [study.study_id for study in STUDIES],
    )

    assert isinstance(ids, Listing)
    assert (list(ids), len(ids), ids[0], ids[-1]) == (wanted, 96, "s00000", "z")
    for cut in (slice(None), slice(8, 31), slice(10, 20), slice(3, 3), slice(-5, None, 2)):
        assert ids[cut] == wanted[cut]
    assert "s00042" in ids
    assert "s00042x" not in ids


def test_a_shard_the_hash_and_the_lots_are_those_of_the_list() -> None:
    ids, wanted = (
        ParquetStudyIndex(written(), NAME).study_ids(),
        [study.study_id for study in STUDIES],
    )

    assert [shard.take(ids) for shard in Shard(0, 7).all] == [
        shard.take(wanted) for shard in Shard(0, 7).all
    ]
    assert listing_hash(ids) == listing_hash(wanted)
    assert ids.drawn(20) == chosen(wanted, 20)


def test_more_lots_than_are_known_are_drawn_from_all_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gliobench.adapters.parquet.index_rows.DRAWN", 3)

    ids = ParquetStudyIndex(written(), NAME).study_ids()

    assert [ids.drawn(count) for count in (2, 50)] == [chosen(list(ids), 2), chosen(list(ids), 50)]


class CountingStorage(FakeStorage):
    """Counts the bytes that are read."""

    read_bytes = 0

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        storage = self

        class Counted(BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                content = super().read(size)
                storage.read_bytes += len(content)
                return content

        yield Counted(self.files[name])


def test_a_shard_reads_its_own_rows_and_few_others() -> None:
    storage = CountingStorage()
    storage.files = written([study(number) for number in range(4000)], rows=100).files
    index = ParquetStudyIndex(storage, NAME)
    storage.read_bytes = 0

    for study_id in Shard(3, 20).take(index.study_ids()):
        assert index.study(study_id)

    assert 0 < storage.read_bytes < len(storage.files[NAME]) / 8


def test_an_index_that_is_killed_while_it_is_written_leaves_the_earlier_one() -> None:
    storage = written()
    before = storage.files[NAME]

    def interrupted() -> Iterator[IndexedStudy]:
        yield study(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_index(storage, NAME, interrupted(), FACTS)

    assert storage.files[NAME] == before


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//x", "", ".", "a\0"])
def test_a_path_that_leaves_the_dataset_cannot_be_listed(path: str) -> None:
    with pytest.raises(InvalidInputError, match="within the dataset's folder"):
        IndexedFile(path, "t1c", FileVersion(1, ""))


def rewritten(change: Callable[[pa.Table], pa.Table], *, group: int = ROWS) -> FakeStorage:
    """Write an index of other rows, with all that is said of the dataset."""
    storage = written()
    table = pq.read_table(BytesIO(storage.files[NAME]))
    held = dict(pq.read_metadata(BytesIO(storage.files[NAME])).metadata)
    del held[b"ARROW:schema"]
    file = BytesIO()
    changed = change(table).replace_schema_metadata(held)
    pq.write_table(changed, file, row_group_size=group)
    storage.files[NAME] = file.getvalue()
    return storage


def with_path(table: pa.Table, path: str) -> pa.Table:
    rows = table.to_pylist()
    rows[0]["files"][0]["path"] = path
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def read_all(storage: FakeStorage) -> None:
    index = ParquetStudyIndex(storage, NAME)
    list(index.study_ids())
    list(index.studies())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: with_path(table, "../x"), "study 0: .*within the dataset's folder"),
        (lambda table: table.drop_columns(["folder"]), "has not the columns"),
        (lambda table: table.append_column("x", pa.array(["x"] * len(table))), "has not the col"),
        (
            lambda table: with_column(table, "study_id", pa.array(range(len(table)))),
            "has not the columns",
        ),
        (lambda table: table.take(pa.array([*range(90, -1, -1)])), "not sorted"),
        (lambda table: table.take(pa.array([0, 2, 1, 3, 4])), "not sorted"),
        (lambda table: table.take(pa.array([0, 1, 1, 2])), "not sorted"),
        (lambda table: table.take(pa.array([*range(10), 9])), "not sorted"),
        (lambda table: with_column(table, "grade", pa.array(["IV"] * len(table))), "study 0: 'IV'"),
        (lambda table: with_column(table, "files", pa.nulls(len(table), table["files"].type)), "0"),
        (lambda table: table.slice(0, 0), "groups of up to 0"),
    ],
)
def test_an_index_of_other_rows_is_refused_in_one_line(
    change: Callable[[pa.Table], pa.Table], message: str
) -> None:
    storage = rewritten(change)

    with pytest.raises(GliobenchError, match=message) as refused:
        read_all(storage)

    assert "\n" not in str(refused.value)


def test_groups_of_too_many_studies_are_refused() -> None:
    many = index_table(STUDIES[:1]).take([0] * (2**16 + 1))

    with pytest.raises(InvalidInputError, match="groups of up to 65537 studies: wanted 1 to 65536"):
        ParquetStudyIndex(rewritten(lambda _: many, group=2**20), NAME)


def test_a_table_that_is_no_index_is_refused() -> None:
    storage, file = FakeStorage(), BytesIO()
    pq.write_table(pa.table({"a": [1]}), file)
    storage.files[NAME] = file.getvalue()

    with pytest.raises(InvalidInputError, match="is no index of a dataset"):
        ParquetStudyIndex(storage, NAME)


@pytest.mark.parametrize("kept", [0, 4, 0.5, 0.999])
def test_a_truncated_index_is_refused(kept: float) -> None:
    storage = written()
    content = storage.files[NAME]
    storage.files[NAME] = content[: int(kept if kept > 1 else kept * len(content))]

    with pytest.raises(GliobenchError, match="is no readable index"):
        ParquetStudyIndex(storage, NAME)


def test_a_footer_that_would_fill_the_memory_is_refused_unread() -> None:
    storage = written()
    content = storage.files[NAME]
    storage.files[NAME] = content[:-8] + (2**31).to_bytes(4, "little") + content[-4:]

    with pytest.raises(InvalidInputError, match="a footer of 2147483648 bytes"):
        ParquetStudyIndex(storage, NAME)


def test_damaged_rows_are_refused_when_they_are_read() -> None:
    storage = written()
    content = bytearray(storage.files[NAME])
    content[60:90] = b"\xff" * 30
    storage.files[NAME] = bytes(content)

    with pytest.raises(GliobenchError, match="is no readable index"):
        read_all(storage)


def test_a_row_of_another_version_is_another_row() -> None:
    again = replace(study(1).files[0], version=FileVersion(1, "another mark", True))

    assert replace(study(1), files=(again,)) != study(1)
