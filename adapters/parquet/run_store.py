"""A run as Parquet files in a folder or an object store."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import chain, groupby
from typing import Any, Self, TypeVar, final

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.parquet.manifest_file import manifest_content, read_manifest
from gliobench.adapters.parquet.mask_file import packed, unpacked
from gliobench.adapters.parquet.prediction_rows import SCHEMA, from_rows, to_rows
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
    UNREADABLE,
    Row,
    laid_out,
    of_one_length,
    read_batches,
    read_table,
    side_by_side,
    stamp_of,
    write_table,
)
from gliobench.application.evaluate.run_layout import MANIFEST
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.case_columns import columns_of, read_columns
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.study_ids import file_stem

T = TypeVar("T")

SCORES, SAVED_CASES, FINISHED = "scores.parquet", "kept_cases.parquet", "finished"
PREDICTIONS, MASKS, EFFORT = "predictions", "masks", "seconds.json"
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

    A batch is one part, written whole after its masks. Parts and masks bear the hash of what they
    hold, so they never change: a batch repeated takes the place of itself, and where two processes
    answer one study differently, both answers are kept and all readers take the same.

    Args:
        storage: Where.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._opened: str | None = None
        self._known: set[str] = set()
        self._parts: dict[str, str] = {}  # of each key, the one that it is read from

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
        self._opened = _digest(content)

    def manifest(self) -> RunManifest:
        """Read what run is kept here."""
        content = self._manifest_content()
        if content is None:
            raise NotFoundError(f"{self._storage.url} keeps no run: there is no {MANIFEST} in it")
        return read_manifest(content, place=self._storage.url)

    def keys(self) -> set[str]:
        """Name every prediction kept here."""
        self._look()
        return set(self._parts)

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        """Keep a batch of predictions as one part."""
        if not predictions:
            return
        rows = [
            row
            for prediction in predictions
            for row in to_rows(prediction, mask_file=self._save_mask(prediction))
        ]
        content = BytesIO()
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        pq.write_table(table, content, write_page_checksum=True)
        name = f"part-{_digest(content.getvalue())}.parquet"
        self._storage.write(f"{PREDICTIONS}/{name}", content.getvalue())

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        """Read predictions, part by part; only the parts that hold some are read."""
        left = set(keys)
        if not left <= self._parts.keys():
            self._look()
        parts = sorted({self._parts[key] for key in left if key in self._parts})
        for part, found in zip(parts, side_by_side(self._rows, parts), strict=True):
            if not left:
                return
            for key, rows in groupby(found, key=lambda row: str(row["key"])):
                if key in left:
                    left.remove(key)
                    yield self._prediction(list(rows), part)

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
        return "" if content is None else _digest(content)

    def _own_stamp(self) -> str:
        """Name the manifest that was opened here; another process may have replaced it since."""
        return self._stamp() if self._opened is None else self._opened

    def _look(self) -> None:
        """Learn the keys of parts that are new; those that are known never change."""
        parts = self._names_of_parts()
        if not self._known <= set(parts):  # one was deleted
            self._known, self._parts = set(), {}
        new = [part for part in parts if part not in self._known]
        rows = side_by_side(lambda part: self._rows(part, columns=["key"]), new)
        for part, item in zip(new, rows, strict=True):
            for row in item:
                self._parts[row["key"]] = min(part, self._parts.get(row["key"], part))
        self._known.update(new)

    def _names_of_parts(self) -> list[str]:
        names = self._storage.names(PREDICTIONS)
        return [
            f"{PREDICTIONS}/{name}"
            for name in names
            if name.startswith("part-") and name.endswith(".parquet")
        ]

    def _save_mask(self, prediction: StudyPrediction) -> str:
        """Write the prediction's mask, if it has one, and name it."""
        place = prediction.localisation
        mask = place.answers.get(Form.MASK) if isinstance(place, LocalisationPrediction) else None
        if not isinstance(mask, Mask):
            return ""
        content = packed(mask)
        name = f"{file_stem(prediction.study_id)}-{_digest(content)}.npz"
        self._storage.write(f"{MASKS}/{name}", content)
        return name

    def _read_mask(self, name: str) -> Mask:
        place = f"{self._storage.url}/{MASKS}/{name}"
        try:
            return unpacked(self._storage.read(f"{MASKS}/{name}"), place=place)
        except NotFoundError as error:
            raise JobError(f"mask {place} is gone: delete the run to begin anew") from error

    def _rows(self, part: str, columns: list[str] | None = None) -> list[Row]:
        try:
            content = BytesIO(self._storage.read(part))
            table = pq.ParquetFile(content, page_checksum_verification=True).read(
                columns=columns or SCHEMA.names
            )
            rows: list[Row] = table.cast(
                pa.schema([SCHEMA.field(name) for name in table.column_names])
            ).to_pylist()
        except (NotFoundError, *UNREADABLE) as error:
            raise self._unreadable(part, error) from error
        return rows

    def _prediction(self, rows: list[dict[str, Any]], part: str) -> StudyPrediction:
        try:
            return from_rows(rows, read_mask=self._read_mask)
        except UNREADABLE as error:
            raise self._unreadable(part, error) from error

    def _unreadable(self, part: str, error: Exception) -> JobError:
        reason = " ".join(str(error).split())
        return JobError(
            f"{self._storage.url}/{part} is no readable part of a run ({reason}): delete it, and "
            "the same command predicts its studies again"
        )


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
