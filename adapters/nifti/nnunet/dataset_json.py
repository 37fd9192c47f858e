"""dataset.json of nnU-Net and of the Decathlon: what channels and labels are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictStr

from gliobench.adapters.nifti.documents import read_json
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.label_names import stated_labels
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Modality

NAME = "dataset.json"
ENDINGS = (".nii.gz", ".nii")
MOST_CHANNELS = 64
_NUMBERED = re.compile(r".+_(?P<channel>\d{4})(\.nii(\.gz)?)?", re.DOTALL | re.ASCII)


class _Document(BaseModel):
    """What is read of the file; `modality` and lists of files are nnU-Net's first version's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    channel_names: dict[str, StrictStr] | None = None
    modality: dict[str, StrictStr] | None = None
    labels: dict[str, Any] = {}
    file_ending: StrictStr | None = None
    training: Any = None
    test: Any = None
    dataset: Any = None


@dataclass(frozen=True)
class DatasetJson:
    """A dataset's description.

    Args:
        place: The file.
        channels: Sequences in the order of the channels.
        names: Labels by name, or names by label.
        numbers_studies: Whether four digits at the end of a file's name are the study's, as in the
            Decathlon, and not the channel's.
    """

    place: str
    channels: tuple[Modality, ...]
    names: Mapping[str, Any]
    numbers_studies: bool = False

    @classmethod
    def read(cls, path: DatasetPath) -> DatasetJson:
        """Read the file.

        Raises:
            InvalidInputError: It is not there or not such a document, a channel is no known sequence,
                or its files are no NIfTI.
        """
        document = read_json(path, _Document)
        if document.dataset is not None:
            raise InvalidInputError(
                f"{path}: lists its files under 'dataset': wanted imagesTr and labelsTr"
            )
        ending = document.file_ending
        if ending is not None and ending not in ENDINGS:
            raise InvalidInputError(
                f"{path}: file_ending {shown(ending)}: wanted {' or '.join(ENDINGS)}"
            )
        names = document.channel_names or document.modality or {}
        channels = tuple(_channels(names, str(path)))
        numbers = [channel_of(name) for name in _listed(document)]
        beyond = any(number >= len(channels) for number in numbers if number is not None)
        return cls(str(path), channels, document.labels, numbers_studies=beyond)

    def labels(self) -> DatasetLabels:
        """Return what the labels mean.

        Raises:
            UndeclaredLabelsError: By their names they are no tumour or parts of one.
        """
        return stated_labels(self.names, place=self.place, name=NAME)


def _channels(names: Mapping[str, str], place: str) -> Iterator[Modality]:
    """Read the sequences in the order of their numbers."""
    if sorted(names) != sorted(map(str, range(len(names)))) or not 1 <= len(names) <= MOST_CHANNELS:
        raise InvalidInputError(
            f"{place}: channel_names {shown(dict(names))}: wanted the names of channels 0, 1, …"
        )
    first: dict[Modality, int] = {}
    for number in range(len(names)):
        name = names[str(number)]
        if (modality := Modality.of_channel(name)) is None:
            raise InvalidInputError(
                f"{place}: channel {number} is called {shown(name)}: wanted T1, T1ce, T2 or FLAIR in "
                "channel_names, or another name of one of these sequences"
            )
        if (other := first.setdefault(modality, number)) != number:
            raise InvalidInputError(
                f"{place}: channels {other} and {number} are both {modality.value} "
                f"({modality.alias}): wanted one, T1 with contrast as T1ce"
            )
        yield modality


def channel_of(name: str) -> int | None:
    """Return the number at the end of a file's name, which is a channel's unless studies have such."""
    found = _NUMBERED.fullmatch(name)
    return int(found["channel"]) if found else None


def _listed(document: _Document) -> Iterator[str]:
    """Find the names of images in lists of paths, or of tables with a path each."""
    for items in (document.training, document.test):
        for item in items if isinstance(items, list) else []:
            image = item.get("image") if isinstance(item, dict) else item
            if isinstance(image, str):
                yield image.rpartition("/")[2]
