"""A study from its NIfTI files, and the hash of their content."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import file_digest, sha256
from threading import Lock
from typing import final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.nifti.bounded_file import opened
from gliobench.adapters.nifti.image_file import WHOLE, Channel, ImageFile
from gliobench.application.datasets.study_images import LazyVolumes, StoredImage, study_of_images
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
    """Open a study by its headers, as `study_of_images`; an unreadable one raises on access.

    Args:
        study_id: The study.
        paths: Its image files.
        patient_id: Its patient.
        site: Where it was acquired.
        channels: Which volume of its file each modality is, where files have several.

    Raises:
        FaultyStudyError: There is no image at all, or no header can be read.
    """
    wanted = channels or {}
    images = {m: _opened(path, wanted.get(m, WHOLE)) for m, path in sorted(paths.items())}
    return study_of_images(
        study_id, images, patient_id=patient_id, site=site, lazily=_VolumesOfFiles
    )


def hash_images(
    paths: Mapping[Modality, DatasetPath], channels: Mapping[Modality, Channel] | None = None
) -> str:
    """Hash image files, each under its modality and channel, as stored (sha256, hex).

    A store's own checksums are used in place of the content, without reading the files.

    Raises:
        NotFoundError: A file does not exist.
        FaultyStudyError: A file cannot be read, or there is none: nothing is no image of two studies.
    """
    if not paths:
        raise FaultyStudyError(FaultKind.MISSING_MODALITY, "no image")
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
class _VolumesOfFiles(LazyVolumes):
    """A file of several channels is decompressed once, and its bytes are kept until each has been read."""

    def __init__(
        self, stored: Mapping[Modality, StoredImage | FaultError], shared: StoredImage
    ) -> None:
        super().__init__(stored, shared)
        self._decompressing = Lock()
        self._content: bytes | bytearray | None = None

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        volume = super().__getitem__(modality)
        if self.are_read:
            self._content = None
        return volume

    def read(self, image: StoredImage) -> NDArray[np.float32]:
        """Read a volume, by the bytes of its file where they are shared."""
        if not isinstance(image, ImageFile) or image.channel == WHOLE:
            return image.read()
        return image.read(self._shared(image))

    def _shared(self, image: ImageFile) -> bytes | bytearray:
        with self._decompressing:
            content = self._content if self._content is not None else image.content()
            self._content = content
        return content


def _opened(path: DatasetPath, channel: Channel) -> ImageFile | FaultError:
    try:
        return ImageFile.open(path, channel)
    except FaultError as error:
        return error
