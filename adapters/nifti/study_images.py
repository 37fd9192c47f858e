"""A study from its image files: one grid, and volumes that are read on first access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.bounded_file import opened
from gliobench.adapters.nifti.image_file import ImageFile
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
) -> Study:
    """Open a study by its headers.

    The grid is that of the first image whose grid is the most frequent one. An image on another grid, or
    with an unreadable header, raises on access.

    Raises:
        FaultyStudyError: There is no image at all, or no header can be read.
    """
    if not paths:
        wanted = ", ".join(" or ".join(m.names) for m in Modality)
        raise FaultyStudyError(
            FaultKind.MISSING_MODALITY, f"study {study_id} has no image: wanted {wanted}"
        )
    opened = {modality: _opened(path) for modality, path in sorted(paths.items())}
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


def hash_images(paths: Mapping[Modality, DatasetPath]) -> str:
    """Hash image files, each under its modality, as stored (sha256, hex).

    A store's own checksums are used in place of the content, without reading the files.

    Raises:
        NotFoundError: A file does not exist.
        FaultyStudyError: A file cannot be read.
    """
    digest = sha256()
    for modality, path in sorted(paths.items()):
        digest.update(f"{modality.value} {content_of(path)}\n".encode())
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

    Several threads may read several modalities at once.
    """

    def __init__(self, images: Mapping[Modality, ImageFile | FaultError]) -> None:
        self._images = images
        self._volumes: dict[Modality, NDArray[np.float32]] = {}

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        if modality not in self._volumes:
            image = self._images[modality]
            if isinstance(image, FaultError):
                raise image.with_traceback(None)
            self._volumes[modality] = image.read()
        return self._volumes[modality]

    def __contains__(self, modality: object) -> bool:
        return modality in self._images  # the method of Mapping would read the volume

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


def _opened(path: DatasetPath) -> ImageFile | FaultError:
    try:
        return ImageFile.open(path)
    except FaultError as error:
        return error


def _placed(image: ImageFile | FaultError, shared: ImageFile) -> ImageFile | FaultError:
    if isinstance(image, ImageFile):
        try:
            return image.placed_on(shared.grid, of=shared.path.name)
        except FaultyStudyError as error:
            return error
    return image
