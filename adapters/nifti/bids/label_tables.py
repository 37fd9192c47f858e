"""Tables of labels of segmentations: `dseg.tsv`, or `LabelMap` of a JSON file, beside or above them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from gliobench.adapters.nifti.bids.bids_names import BidsFile, parse_name
from gliobench.adapters.nifti.documents import read_json
from gliobench.adapters.nifti.image_names import is_shown
from gliobench.application.datasets.read_table import read_table
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError

_ENDINGS = (".tsv", ".json")


@dataclass(frozen=True)
class LabelTable:
    """What a table says."""

    path: DatasetPath
    names: Mapping[str, Any]


class LabelTables:
    """Finds the tables of segmentations as BIDS lets files inherit them; reads each once."""

    def __init__(self) -> None:
        self._in: dict[str, list[_Named]] = {}
        self._read: dict[str, LabelTable | None] = {}

    def of(self, mask: BidsFile, home: DatasetPath) -> LabelTable | None:
        """Return the table of a segmentation, in its folder or one above; None where there is none.

        The nearest one counts whose entities the segmentation has, of several that with the most.

        Args:
            mask: The segmentation.
            home: The last folder to look into.

        Raises:
            InvalidInputError: It cannot be read, or is no such table.
        """
        folder = mask.path.parent
        for place in (folder, *folder.parents):
            for path in self._fitting(mask, place):
                if (table := self._table(path)) is not None:
                    return table
            if place == home:
                break
        return None

    def _fitting(self, mask: BidsFile, place: DatasetPath) -> list[DatasetPath]:
        if str(place) not in self._in:
            self._in[str(place)] = _tables_in(place)
        found = [
            (-len(table.entities), table.path)
            for table in self._in[str(place)]
            if table.suffix == mask.suffix and table.entities.items() <= mask.entities.items()
        ]
        return [path for _, path in sorted(found)]

    def _table(self, path: DatasetPath) -> LabelTable | None:
        if str(path) not in self._read:
            self._read[str(path)] = _read(path)
        return self._read[str(path)]


class _Named(NamedTuple):
    """A table by its name."""

    path: DatasetPath
    entities: dict[str, str]
    suffix: str


class _Sidecar(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    LabelMap: dict[str, Any] | None = None
    Labels: dict[str, Any] | None = None


def _tables_in(folder: DatasetPath) -> list[_Named]:
    entries = filter(is_shown, folder.iterdir()) if folder.is_dir() else ()
    return [
        _Named(entry, *parse_name(entry.name.removesuffix(ending)))
        for entry in entries
        for ending in _ENDINGS
        if entry.name.endswith(ending)
    ]


def _read(path: DatasetPath) -> LabelTable | None:
    if path.name.endswith(".json"):
        sidecar = read_json(path, _Sidecar)
        names = sidecar.LabelMap or sidecar.Labels
        return None if names is None else LabelTable(path, names)
    columns, rows = read_table(path)
    if not {"index", "name"} <= columns.keys():
        raise InvalidInputError(f"{path}: row 1: wanted columns index and name")
    found: dict[str, str] = {}
    for row in rows:
        index, name = row.cells.get("index"), row.cells.get("name")
        if index is None or name is None or index in found:
            raise InvalidInputError(f"{row.at}: wanted an index and a name, each index once")
        found[index] = name
    return LabelTable(path, found)
