"""Predictions of a run, a part a batch, and their masks."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gliobench.adapters.parquet.prediction_rows import SCHEMA, from_rows, to_rows
from gliobench.adapters.parquet.tables import UNREADABLE, Row
from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.ports.run_store import StudyPrediction
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import InvalidInputError, JobError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Grid, extent
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.extent import check_extent
from gliobench.domain.studies.study_ids import file_stem

PREDICTIONS, MASKS = "predictions", "masks"
LARGEST_BYTES = 2**27
"""Of all regions of a mask: eight of 2**27 voxels."""


class PredictionParts:
    """Keeps predictions in the folders predictions/ and masks/ of a run.

    A batch is one part, written whole after its masks. Parts and masks bear the hash of what they
    hold, so they never change: a batch repeated takes the place of itself, and where two processes
    answer one study differently, both answers are kept and all readers take the same.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: set[str] = set()
        self._parts: dict[str, str] = {}  # of each key, the one that it is read from

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
        name = f"part-{digest(content.getvalue())}.parquet"
        self._storage.write(f"{PREDICTIONS}/{name}", content.getvalue())

    def read(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
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
        name = f"{file_stem(prediction.study_id)}-{digest(content)}.npz"
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


def digest(content: bytes) -> str:
    """Hash a content, for its name."""
    return sha256(content).hexdigest()[:32]


def packed(mask: Mask) -> bytes:
    """Pack a mask; the same mask gives the same bytes.

    They are NumPy's `.npz`: `shape`, `affine`, and each region under its name, as `np.packbits` of
    its voxels in C order.
    """
    regions = {region.value: _bits(voxels) for region, voxels in mask.regions.items()}
    file = BytesIO()
    # numpy's stub lets a `**` of arrays fill `allow_pickle`, too.
    np.savez_compressed(file, shape=mask.grid.shape, affine=mask.grid.affine, **regions)  # type: ignore[arg-type]
    return file.getvalue()


def unpacked(content: bytes, *, place: str) -> Mask:
    """Unpack a mask, bit by bit.

    Args:
        content: As `packed` gave it.
        place: Where it was read, for messages.

    Raises:
        JobError: It is no such mask.
    """
    try:
        _check_size(content)
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            i, j, k = (int(length) for length in _of_kind("iu", arrays["shape"]))
            grid = Grid(shape=(i, j, k), affine=_of_kind("f", arrays["affine"]))
            check_extent(grid)
            regions = {
                region: np.unpackbits(arrays[region.value], count=i * j * k)
                .reshape(grid.shape)
                .astype(np.bool_)
                for region in Region
                if region.value in arrays
            }
            return Mask(grid=grid, regions=regions)
    except Exception as error:  # NumPy passes on whatever its parsers raise
        raise JobError(
            f"mask {place} cannot be read ({' '.join(str(error).split())}): delete the run to "
            "begin anew"
        ) from error


def _bits(voxels: BoolArray) -> NDArray[np.uint8]:
    """Pack voxels in C order; of a region in another memory order only its extent is turned, for speed."""
    turned = np.zeros(voxels.shape, dtype=np.bool_)
    if voxels.any():
        block = extent(voxels)
        turned[block] = voxels[block]
    return np.packbits(turned)


def _check_size(content: bytes) -> None:
    """Refuse an archive before it is inflated to more than masks take."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_BYTES:
        raise InvalidInputError(f"{size} bytes when inflated: wanted at most {LARGEST_BYTES}")


def _of_kind(kinds: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in kinds:
        raise InvalidInputError(f"numbers of type {array.dtype}")
    return array
