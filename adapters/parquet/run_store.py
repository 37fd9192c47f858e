"""A run as Parquet files in a folder or an object store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import groupby
from typing import Any, TypeVar, final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.parquet.kept_rows import kept_table, read_kept
from gliobench.adapters.parquet.manifest_file import MANIFEST, read_manifest, write_manifest
from gliobench.adapters.parquet.mask_file import packed, unpacked
from gliobench.adapters.parquet.prediction_rows import SCHEMA, from_rows, to_rows
from gliobench.adapters.parquet.score_columns import columns_of, wanted_columns
from gliobench.adapters.parquet.score_rows import read_cases, score_table
from gliobench.adapters.parquet.tables import (
    Row,
    read_batches,
    read_table,
    side_by_side,
    stamp_of,
    write_table,
)
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.kept_case import KeptCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.prediction import Form, LocalisationPrediction, Mask

T = TypeVar("T")

SCORES, KEPT_CASES, FINISHED = "scores.parquet", "kept_cases.parquet", "finished"
PREDICTIONS, MASKS = "predictions", "masks"
SCORES_AT_ONCE = 4096
"""Rows of scores in memory while they are read."""
CASES_AT_ONCE = 16
"""Kept cases in memory while they are read; a volume is 500 KB."""


@final
class ParquetRunStore(RunStore):
    """Keeps a run in a place: manifest.json, predictions/, masks/, scores and kept_cases.parquet.

    A batch is one part, written whole after its masks. Parts and masks bear the hash of what they
    hold, so they never change: a batch repeated takes the place of itself, and where two processes
    answer one study differently, both answers are kept and all readers take the same.

    Args:
        storage: Where.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._keys: dict[str, frozenset[str]] = {}

    def open(self, manifest: RunManifest) -> None:
        """Begin a run, or go on with one."""
        kept = read_manifest(self._storage)
        for what in ("backend", "cohort"):
            old, new = getattr(kept, what, None), getattr(manifest, what)
            if kept is not None and old != new and not kept.missing_shards:
                raise JobError(
                    f"{self._storage.url} keeps a run over {what} {str(old)[:12]}, not "
                    f"{str(new)[:12]}: choose another folder"
                )
        if kept != manifest:
            write_manifest(manifest, self._storage)

    def manifest(self) -> RunManifest:
        """Read what run is kept here."""
        kept = read_manifest(self._storage)
        if kept is None:
            raise NotFoundError(f"{self._storage.url} keeps no run: there is no {MANIFEST} in it")
        return kept

    def keys(self) -> set[str]:
        """Name every prediction kept here."""
        self._look()
        return set().union(*self._keys.values())

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        """Keep a batch of predictions as one part."""
        if not predictions:
            return
        rows = [row for one in predictions for row in to_rows(one, mask_file=self._keep_mask(one))]
        content = BytesIO()
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        pq.write_table(table, content, write_page_checksum=True)
        name = f"part-{_digest(content.getvalue())}.parquet"
        self._storage.write(f"{PREDICTIONS}/{name}", content.getvalue())

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        """Read predictions, part by part; only the parts that hold some are read."""
        left = set(keys)
        if not left <= set().union(*self._keys.values()):
            self._look()
        parts = [part for part, held in self._keys.items() if held & left]
        for part, found in zip(parts, side_by_side(self._rows, parts), strict=True):
            if not left:
                return
            for key, rows in groupby(found, key=lambda row: str(row["key"])):
                if key in left:
                    left.remove(key)
                    yield self._prediction(list(rows), part)

    def write_scores(self, scores: Iterable[CaseScore]) -> None:
        """Keep the scores as one table."""
        write_table(
            self._storage,
            SCORES,
            scores,
            table=score_table,
            at_once=SCORES_AT_ONCE,
            stamp=self._stamp(),
        )

    def finish(self) -> None:
        """Note that nothing more will be kept of the run as it is now."""
        self._storage.write(FINISHED, self._stamp().encode())

    def is_finished(self) -> bool:
        """Tell whether that was noted."""
        try:
            return self._storage.read(FINISHED).decode() == self._stamp()
        except NotFoundError:
            return False

    def is_scored(self) -> bool:
        """Tell whether there are scores of the run as it is now, without reading them."""
        try:
            return stamp_of(self._storage, SCORES, holds="scores") in (None, self._stamp())
        except NotFoundError:
            return False

    def scores(self, study_ids: Collection[str] | None = None) -> Iterator[CaseScore]:
        """Read the scores, a few thousand rows at a time."""
        wanted = None if study_ids is None else pa.array(study_ids, pa.string())
        for cases in self._read_scores(lambda batch: read_cases(batch, wanted)):
            yield from cases

    def case_table(self) -> CaseTable:
        """Read the scores into columns, a few thousand rows at a time."""
        return CaseTable.joined(self._read_scores(columns_of, columns=wanted_columns()))

    def _read_scores(
        self, read: Callable[[pa.RecordBatch], T], columns: list[str] | None = None
    ) -> Iterator[T]:
        if not self.is_scored():
            raise NotFoundError(f"{self._storage.url} keeps no scores: evaluate the run first")
        yield from read_batches(
            self._storage,
            SCORES,
            read=read,
            at_once=SCORES_AT_ONCE,
            holds="scores",
            columns=columns,
        )

    def write_kept_cases(self, cases: Iterable[KeptCase]) -> None:
        """Keep pictures and volumes as one table."""
        write_table(
            self._storage,
            KEPT_CASES,
            cases,
            table=kept_table,
            at_once=CASES_AT_ONCE,
            compression="zstd",
        )

    def kept_cases(self) -> Iterator[KeptCase]:
        """Read pictures and volumes, a few at a time."""
        try:
            yield from read_table(
                self._storage, KEPT_CASES, item=read_kept, at_once=CASES_AT_ONCE, holds="pictures"
            )
        except NotFoundError:
            return

    def _stamp(self) -> str:
        """Name the manifest that scores belong to."""
        try:
            return _digest(self._storage.read(MANIFEST))
        except NotFoundError:
            return ""

    def _look(self) -> None:
        """Learn the keys of parts that are new; those that are known never change."""
        parts = self._parts()
        new = [part for part in parts if part not in self._keys]
        rows = side_by_side(lambda part: self._rows(part, columns=["key"]), new)
        found = {
            part: frozenset(row["key"] for row in one) for part, one in zip(new, rows, strict=True)
        }
        known = self._keys | found
        self._keys = {part: known[part] for part in parts}

    def _parts(self) -> list[str]:
        names = self._storage.names(PREDICTIONS)
        return [
            f"{PREDICTIONS}/{name}"
            for name in names
            if name.startswith("part-") and name.endswith(".parquet")
        ]

    def _keep_mask(self, prediction: StudyPrediction) -> str:
        """Write the prediction's mask, if it has one, and name it."""
        place = prediction.localisation
        mask = place.answers.get(Form.MASK) if isinstance(place, LocalisationPrediction) else None
        if not isinstance(mask, Mask):
            return ""
        content = packed(mask)
        name = f"{quote(prediction.study_id, safe='')}-{_digest(content)}.npz"
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
        except (NotFoundError, pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise self._unreadable(part, error) from error
        return rows

    def _prediction(self, rows: list[dict[str, Any]], part: str) -> StudyPrediction:
        try:
            return from_rows(rows, read_mask=self._read_mask)
        except (LookupError, ValueError, TypeError) as error:
            raise self._unreadable(part, error) from error

    def _unreadable(self, part: str, error: Exception) -> JobError:
        reason = " ".join(str(error).split())
        return JobError(
            f"{self._storage.url}/{part} is no readable part of a run ({reason}): delete it, and "
            "the same command predicts its studies again"
        )


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
