"""A run as a folder of Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.adapters.parquet.atomic import replacing
from gliobench.adapters.parquet.manifest_file import read_manifest, write_manifest
from gliobench.adapters.parquet.mask_file import read_mask, write_mask
from gliobench.adapters.parquet.prediction_rows import SCHEMA, from_rows, to_rows
from gliobench.adapters.parquet.score_rows import read_case, score_table
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.prediction import Form, LocalisationPrediction, Mask

SCORES_AT_ONCE = 4096
"""Rows of scores in memory while they are read."""


@final
class ParquetRunStore(RunStore):
    """Keeps a run in a folder: manifest.json, predictions/, masks/ and scores.parquet.

    A batch is one part, written under another name and then renamed, after its masks. Names of
    parts and masks come from the keys, so that a batch repeated takes the place of itself.

    Args:
        folder: Made by `open` where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, manifest: RunManifest) -> None:
        """Begin a run, or go on with one."""
        kept = read_manifest(self._manifest)
        for what in ("backend", "cohort"):
            old, new = getattr(kept, what, None), getattr(manifest, what)
            if kept is not None and old != new:
                raise JobError(
                    f"{self._folder} keeps a run over {what} {str(old)[:12]}, not "
                    f"{str(new)[:12]}: choose another folder"
                )
        if kept != manifest:
            write_manifest(manifest, self._manifest)

    def manifest(self) -> RunManifest:
        """Read what run is kept here."""
        kept = read_manifest(self._manifest)
        if kept is None:
            raise NotFoundError(f"{self._folder} keeps no run: there is no manifest.json in it")
        return kept

    def keys(self) -> set[str]:
        """Name every prediction kept here."""
        return {row["key"] for part in self._parts() for row in _read(part, columns=["key"])}

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        """Keep a batch of predictions as one part."""
        if not predictions:
            return
        rows = []
        for prediction in predictions:
            if (mask := _mask(prediction)) is not None:
                write_mask(mask, self._masks / _mask_name(prediction))
            rows += to_rows(prediction, mask_file=_mask_name(prediction))
        digest = sha256("".join(prediction.key for prediction in predictions).encode())
        with replacing(self._predictions / f"part-{digest.hexdigest()[:16]}.parquet") as temporary:
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), temporary)

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        """Read predictions, part by part."""
        left = set(keys)
        for part in self._parts():
            if not left:
                return
            for key, rows in groupby(_read(part), key=lambda row: str(row["key"])):
                if key in left:
                    left.remove(key)
                    yield self._prediction(list(rows), part)

    def write_scores(self, scores: Sequence[CaseScore]) -> None:
        """Keep the scores as one table."""
        with replacing(self._scores) as temporary:
            pq.write_table(score_table(scores), temporary, row_group_size=SCORES_AT_ONCE)

    def scores(self) -> Iterator[CaseScore]:
        """Read the scores, a few thousand rows at a time."""
        if not self._scores.is_file():
            raise NotFoundError(f"{self._folder} keeps no scores: evaluate the run first")
        try:
            with pq.ParquetFile(self._scores) as table:
                for batch in table.iter_batches(batch_size=SCORES_AT_ONCE):
                    yield from map(read_case, batch.to_pylist())
        except (pa.ArrowException, OSError, LookupError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise JobError(
                f"{self._scores} holds no readable scores ({reason}): evaluate the run again"
            ) from error

    @property
    def _manifest(self) -> Path:
        return self._folder / "manifest.json"

    @property
    def _scores(self) -> Path:
        return self._folder / "scores.parquet"

    @property
    def _predictions(self) -> Path:
        return self._folder / "predictions"

    @property
    def _masks(self) -> Path:
        return self._folder / "masks"

    def _parts(self) -> list[Path]:
        return sorted(self._predictions.glob("part-*.parquet"))

    def _prediction(self, rows: list[dict[str, Any]], part: Path) -> StudyPrediction:
        try:
            return from_rows(rows, read_mask=lambda name: read_mask(self._masks / name))
        except (LookupError, ValueError, TypeError) as error:
            raise _unreadable(part, error) from error


def _mask(prediction: StudyPrediction) -> Mask | None:
    place = prediction.localisation
    mask = place.answers.get(Form.MASK) if isinstance(place, LocalisationPrediction) else None
    return mask if isinstance(mask, Mask) else None


def _mask_name(prediction: StudyPrediction) -> str:
    return f"{quote(prediction.study_id, safe='')}-{prediction.key[:12]}.npz"


def _read(part: Path, columns: list[str] | None = None) -> list[dict[str, Any]]:
    try:
        table = pq.ParquetFile(part).read(columns=columns or SCHEMA.names)
        rows: list[dict[str, Any]] = table.cast(
            pa.schema([SCHEMA.field(name) for name in table.column_names])
        ).to_pylist()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _unreadable(part, error) from error
    return rows


def _unreadable(part: Path, error: Exception) -> JobError:
    reason = " ".join(str(error).split())
    return JobError(
        f"{part} is no readable part of a run ({reason}): delete it, and the same command "
        "predicts its studies again"
    )
