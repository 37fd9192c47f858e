"""A run as Parquet files in a folder or an object store."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import Self, TypeVar, final

import pyarrow as pa

from gliobench.adapters.parquet.manifest_file import manifest_content, read_manifest
from gliobench.adapters.parquet.prediction_parts import PredictionParts, digest
from gliobench.adapters.parquet.saved_rows import SCHEMA as SAVED_SCHEMA
from gliobench.adapters.parquet.saved_rows import read_saved, saved_table
from gliobench.adapters.parquet.score_rows import (
    ArrowColumns,
    read_cases,
    score_schema,
    score_table,
    whole_rows,
)
from gliobench.adapters.parquet.tables import (
    laid_out,
    of_one_length,
    read_batches,
    read_table,
    stamp_of,
    write_table,
)
from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.evaluate.run_layout import MANIFEST
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.case_columns import columns_of, read_columns
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.labels.regions import NESTED

T = TypeVar("T")

SCORES, SAVED_CASES, FINISHED = "scores.parquet", "kept_cases.parquet", "finished"
EFFORT = "seconds.json"
SCORES_AT_ONCE = 1024
"""Rows of scores in memory as objects, while they are read or written."""
COLUMNS_AT_ONCE = 4096
"""Rows in memory as columns, while they are copied or computed with: the fewer batches, the less time."""
CASES_AT_ONCE = 16
"""Kept cases in memory while they are read; a volume is 500 KB."""


@final
class ParquetRunStore(RunStore):
    """Keeps a run in a place: manifest.json, predictions/, masks/, scores and kept_cases.parquet.

    How long it took is in seconds.json: the rest is the same however long.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._opened: str | None = None
        self._parts = PredictionParts(storage)

    def open(self, manifest: RunManifest) -> None:
        """Begin a run, or go on with one."""
        content = self._manifest_content()
        kept = None if content is None else read_manifest(content, place=self._storage.url)
        for what in ("backend", "cohort"):
            old, new = getattr(kept, what, None), getattr(manifest, what)
            if kept is not None and old != new and not kept.missing_shards:
                raise JobError(
                    f"{self._storage.url} keeps a run over {what} {str(old)[:12]}, not "
                    f"{str(new)[:12]}: choose another folder"
                )
        if content is None or kept != manifest:
            content = manifest_content(manifest)
            self._storage.write(MANIFEST, content)
        self._opened = digest(content)

    def manifest(self) -> RunManifest:
        """Read what run is kept here."""
        content = self._manifest_content()
        if content is None:
            raise NotFoundError(f"{self._storage.url} keeps no run: there is no {MANIFEST} in it")
        return read_manifest(content, place=self._storage.url)

    def keys(self) -> set[str]:
        """Name every prediction kept here."""
        return self._parts.keys()

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        """Keep a batch of predictions as one part."""
        self._parts.append(predictions)

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        """Read predictions, part by part; only the parts that hold some are read."""
        return self._parts.read(keys)

    def write_scores(self, scores: Iterable[CaseScore]) -> None:
        """Keep the scores as one table."""
        schema = self._score_schema()
        table = partial(score_table, schema=schema)
        tables = laid_out(scores, table=table, at_once=SCORES_AT_ONCE)
        rows = chain.from_iterable(map(pa.Table.to_batches, tables))
        self._write_scores(rows, schema)

    def write_scores_of(self, parts: Sequence[Self], *, at_once: int = 1) -> None:
        """Keep the scores of other runs; their rows are copied as they are."""
        rows = chain.from_iterable(
            side_by_side(lambda part: list(part.score_rows()), parts, at_once=at_once)
            if at_once > 1
            else (part.score_rows() for part in parts)
        )
        schema = self._score_schema()
        self._write_scores(rows, schema)

    def finish(self) -> None:
        """Note that nothing more will be kept of the run as it is now."""
        self._storage.write(FINISHED, self._own_stamp().encode())

    def is_finished(self) -> bool:
        """Return whether that was noted."""
        try:
            return self._storage.read(FINISHED).decode() == self._stamp()
        except NotFoundError:
            return False

    def is_scored(self) -> bool:
        """Return whether there are scores of the run as it is now, without reading them."""
        try:
            return stamp_of(self._storage, SCORES, holds="scores") in (None, self._stamp())
        except NotFoundError:
            return False

    def scores(self, study_ids: Collection[str] | None = None) -> Iterator[CaseScore]:
        """Read the scores, a few thousand rows at a time."""
        wanted = None if study_ids is None else pa.array(study_ids, pa.string())
        at_once = SCORES_AT_ONCE if wanted is None else COLUMNS_AT_ONCE
        for cases in self._read_scores(lambda batch: read_cases(batch, wanted), at_once=at_once):
            yield from cases

    def score_rows(self) -> Iterator[pa.RecordBatch]:
        """Read the scores as rows of their table, a few thousand at a time."""
        return self._read_scores(partial(whole_rows, schema=self._score_schema()))

    def score_table(self) -> pa.Table:
        """Return the scores as they lie in their file.

        Raises:
            NotFoundError: There are none.
            JobError: They cannot be read.
        """
        batches = read_batches(
            self._storage, SCORES, read=lambda one: one, at_once=SCORES_AT_ONCE, holds="scores"
        )
        return pa.Table.from_batches(batches)

    def contents(self) -> Iterator[tuple[str, str | None]]:
        """Read two columns of the scores."""
        columns = ["study_id", "content_hash"]
        for rows in self._read_scores(pa.RecordBatch.to_pydict, columns=columns):
            yield from zip(*(rows[name] for name in columns), strict=True)

    def case_table(self) -> CaseTable:
        """Read the scores into columns, a few thousand rows at a time."""
        return CaseTable.joined(
            self._read_scores(lambda batch: columns_of(ArrowColumns(batch)), columns=read_columns())
        )

    def _write_scores(self, rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        tables = of_one_length(rows, schema=schema, at_once=COLUMNS_AT_ONCE)
        stamp = self._own_stamp()
        write_table(self._storage, SCORES, tables, schema=schema, stamp=stamp)

    def _score_schema(self) -> pa.Schema:
        """Name the columns of scores: of the run's regions, by the measures that it was asked for."""
        content = self._manifest_content()
        if content is None:
            return score_schema()
        manifest = read_manifest(content, place=self._storage.url)
        regions = manifest.labels.convention.regions if manifest.labels else NESTED
        return score_schema(regions, manifest.measures)

    def _read_scores(
        self,
        read: Callable[[pa.RecordBatch], T],
        *,
        columns: list[str] | None = None,
        at_once: int | None = None,
    ) -> Iterator[T]:
        if not self.is_scored():
            raise NotFoundError(f"{self._storage.url} keeps no scores: evaluate or merge first")
        yield from read_batches(
            self._storage,
            SCORES,
            read=read,
            at_once=at_once or COLUMNS_AT_ONCE,
            holds="scores",
            columns=columns,
        )

    def write_effort(self, effort: Effort) -> None:
        """Note the time beside the parts, which stay as they are whatever they took."""
        self._storage.write(EFFORT, json.dumps(asdict(effort)).encode())

    def effort(self) -> Effort | None:
        """Read how long the backend has taken."""
        try:
            return Effort(**json.loads(self._storage.read(EFFORT)))
        except NotFoundError:
            return None
        except (ValueError, TypeError) as error:
            place = f"{self._storage.url}/{EFFORT}"
            raise JobError(f"{place} holds no time that a backend took: delete it") from error

    def write_saved_cases(self, cases: Iterable[SavedCase]) -> None:
        """Keep pictures and volumes as one table."""
        write_table(
            self._storage,
            SAVED_CASES,
            laid_out(cases, table=saved_table, at_once=CASES_AT_ONCE),
            schema=SAVED_SCHEMA,
            compression="zstd",
        )

    def saved_cases(self) -> Iterator[SavedCase]:
        """Read pictures and volumes, a few at a time."""
        try:
            yield from read_table(
                self._storage, SAVED_CASES, item=read_saved, at_once=CASES_AT_ONCE, holds="pictures"
            )
        except NotFoundError:
            return

    def _manifest_content(self) -> bytes | None:
        try:
            return self._storage.read(MANIFEST)
        except NotFoundError:
            return None

    def _stamp(self) -> str:
        """Name the manifest that scores have to be of."""
        content = self._manifest_content()
        return "" if content is None else digest(content)

    def _own_stamp(self) -> str:
        """Name the manifest that was opened here; another process may have replaced it since."""
        return self._stamp() if self._opened is None else self._opened


@final
class ParquetRunPlace(RunPlace):
    """Keeps each run in a folder under its name.

    Args:
        storage: Of the place.
        open_storage: Opens a folder within it, by its name.
    """

    def __init__(self, storage: Storage, open_storage: Callable[[str], Storage]) -> None:
        self._storage = storage
        self._open_storage = open_storage

    def folders(self, within: str = "") -> list[str]:
        """Name the folders in a folder."""
        return [name[:-1] for name in self._storage.names(within) if name.endswith("/")]

    def store(self, name: str) -> RunStore:
        """Open the store of a run."""
        return ParquetRunStore(self._open_storage(name))
