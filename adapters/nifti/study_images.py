"""A study from its image files: one grid, and volumes that are read on first access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from threading import Lock
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.bounded_file import opened
from gliobench.adapters.nifti.image_file import WHOLE, Channel, ImageFile
from gliobench.application.ports.dataset_path import DatasetPath, checksum_of
from gliobench.domain.errors import FaultError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Modality, Study


def open_study(
    study_id: str,
    paths: Mapping[Modality, DatasetPath],
    *,
    patient_id: str,
    site: str | None = None,
    channels: Mapping[Modality, Channel] | None = None,
) -> Study:
    """Open a study by its headers.

    The grid is that of the first image whose grid is the most frequent one. An image on another grid, or
    with an unreadable header, raises on access.

    Args:
        study_id: The study.
        paths: Its image files.
        patient_id: Its patient.
        site: Where it was acquired.
        channels: Which volume of its file each modality is, where files have several.

    Raises:
        FaultyStudyError: There is no image at all, or no header can be read.
    """
    if not paths:
        wanted = ", ".join(" or ".join(m.names) for m in Modality)
        raise FaultyStudyError(
            FaultKind.MISSING_MODALITY, f"study {study_id} has no image: wanted {wanted}"
        )
    wanted_of = channels or {}
    opened = {m: _opened(path, wanted_of.get(m, WHOLE)) for m, path in sorted(paths.items())}
    images = [image for image in opened.values() if isinstance(image, ImageFile)]
    if not images:
        raise next(error for error in opened.values() if isinstance(error, FaultError))
    shared = max(images, key=lambda image: sum(other.covers(image.grid) for other in images))
    return Study(
        id=study_id,
        patient_id=patient_id,
        grid=shared.grid,
        volumes=_LazyVolumes({m: _placed(image, shared) for m, image in opened.items()}),
        native_grid=shared.native_grid,
        site=site,
        simulated=any(image.simulated for image in images),
    )


def hash_images(
    paths: Mapping[Modality, DatasetPath], channels: Mapping[Modality, Channel] | None = None
) -> str:
    """Hash image files, each under its modality and channel, as stored (sha256, hex).

    A store's own checksums are used in place of the content, without reading the files.

    Raises:
        NotFoundError: A file does not exist.
        FaultyStudyError: A file cannot be read.
    """
    digest, files = sha256(), {str(path): path for path in paths.values()}
    contents = {name: content_of(path) for name, path in files.items()}
    for modality, path in sorted(paths.items()):
        named = f"{modality.value} {contents[str(path)]}"
        if channels and modality in channels:
            named += f" {channels[modality].index}"
        digest.update(f"{named}\n".encode())
    return digest.hexdigest()


def content_of(path: DatasetPath) -> str:
    """Return the checksum of a file, its store's or of its content (sha256, hex).

    Raises:
        NotFoundError: There is no such file.
        FaultyStudyError: It cannot be read.
    """
    if (checksum := checksum_of(path)) is not None:
        return checksum
    with opened(path) as file:
        return file_digest(file, "sha256").hexdigest()


@final
class _LazyVolumes(Mapping[Modality, NDArray[np.float32]]):
    """Reads a volume on first access, and caches it.

    Several threads may read several modalities at once. A file of several channels is decompressed
    once, and its bytes are kept until each channel has been read.
    """

    def __init__(self, images: Mapping[Modality, ImageFile | FaultError]) -> None:
        self._images = images
        self._volumes: dict[Modality, NDArray[np.float32]] = {}
        self._decompressing = Lock()
        self._content: bytes | bytearray | None = None

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        if modality not in self._volumes:
            image = self._images[modality]
            if isinstance(image, FaultError):
                raise image.with_traceback(None)
            shared = None if image.channel == WHOLE else self._shared(image)
            self._volumes[modality] = image.read(shared)
            if len(self._volumes) == len(self._images):
                self._content = None
        return self._volumes[modality]

    def _shared(self, image: ImageFile) -> bytes | bytearray:
        with self._decompressing:
            content = self._content if self._content is not None else image.content()
            self._content = content
        return content

    def __contains__(self, modality: object) -> bool:
        return modality in self._images  # the method of Mapping would read the volume

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


def _opened(path: DatasetPath, channel: Channel) -> ImageFile | FaultError:
    try:
        return ImageFile.open(path, channel)
    except FaultError as error:
        return error


def _placed(image: ImageFile | FaultError, shared: ImageFile) -> ImageFile | FaultError:
    if isinstance(image, ImageFile):
        try:
            return image.placed_on(shared.grid, of=shared.path.name)
        except FaultyStudyError as error:
            return error
    return image
