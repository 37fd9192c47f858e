"""A study from its images: one grid, and volumes that are read on first access."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Modality, Study


class StoredImage(Protocol):
    """One volume as its files store it, its headers read and its voxels not yet."""

    @property
    def name(self) -> str:
        """What to call it in messages."""
        ...

    @property
    def native_grid(self) -> Grid:
        """The grid in the files' own orientation."""
        ...

    @property
    def grid(self) -> Grid:
        """The RAS+ grid of the same voxels, or the one that it was placed on."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the headers mark a phantom."""
        ...

    @property
    def is_placed(self) -> bool:
        """Whether the headers state how the voxels lie; otherwise the grid is assumed."""
        ...

    def covers(self, grid: Grid) -> bool:
        """Return whether the image has the voxels of a grid, in any orientation."""
        ...

    def placed_on(self, grid: Grid, *, of: str) -> Self:
        """Return the image on a grid that it covers, in any orientation.

        Raises:
            FaultyStudyError: It does not cover the grid, which is that of the image `of`.
        """
        ...

    def read(self) -> NDArray[np.float32]:
        """Read the voxels, (I, J, K) on `grid`.

        Raises:
            FaultyStudyError: They cannot be read, or are not finite.
        """
        ...


class LazyVolumes(Mapping[Modality, NDArray[np.float32]]):
    """Reads a volume on first access, and caches it.

    Several threads may read several modalities at once.

    Args:
        stored: The images, each on its own grid, or why there is none.
        shared: The image whose grid all are placed on.
    """

    def __init__(
        self, stored: Mapping[Modality, StoredImage | FaultError], shared: StoredImage
    ) -> None:
        self.stored = stored
        self._images = {m: _placed(image, shared) for m, image in stored.items()}
        self._volumes: dict[Modality, NDArray[np.float32]] = {}

    def __getitem__(self, modality: Modality) -> NDArray[np.float32]:
        if modality not in self._volumes:
            image = self._images[modality]
            if isinstance(image, FaultError):
                raise image.with_traceback(None)
            volume = self.read(image)
            volume.flags.writeable = False  # all backends are shown the same
            self._volumes[modality] = volume
        return self._volumes[modality]

    @property
    def are_read(self) -> bool:
        """Return whether every volume has been read."""
        return len(self._volumes) == len(self._images)

    def read(self, image: StoredImage) -> NDArray[np.float32]:
        """Read a volume that has not been read yet."""
        return image.read()

    def __contains__(self, modality: object) -> bool:
        return modality in self._images  # the method of Mapping would read the volume

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


def study_of_images(
    study_id: str,
    images: Mapping[Modality, StoredImage | FaultError],
    *,
    patient_id: str,
    site: str | None = None,
    drawn_on: StoredImage | None = None,
    lazily: Callable[
        [Mapping[Modality, StoredImage | FaultError], StoredImage],
        Mapping[Modality, NDArray[np.float32]],
    ] = LazyVolumes,
) -> Study:
    """Put the images of a study on one grid; no voxel is read.

    The grid is that of the image that the reference was drawn on, or else that of the first image whose
    grid is the most frequent one. An image on another grid, or
    in whose place there is an error, raises on access.

    Args:
        study_id: The study.
        images: Its images, in any order.
        patient_id: Its patient.
        site: Where it was acquired.
        drawn_on: The image that the reference was drawn on, where that is known.
        lazily: Reads the volumes on access.

    Raises:
        FaultyStudyError: There is no image at all, or only errors.
    """
    if not images:
        wanted = ", ".join(" or ".join(m.names) for m in Modality)
        raise FaultyStudyError(
            FaultKind.MISSING_MODALITY,
            f"study {study_id} has no image: wanted {wanted}, in NIfTI or DICOM",
        )
    sound = [image for image in images.values() if not isinstance(image, FaultError)]
    if not sound:
        raise next(error for error in images.values() if isinstance(error, FaultError))
    shared = drawn_on or max(
        sound, key=lambda image: sum(other.covers(image.grid) for other in sound)
    )
    return Study(
        id=study_id,
        patient_id=patient_id,
        grid=shared.grid,
        volumes=lazily(images, shared),
        native_grid=shared.native_grid,
        site=site,
        simulated=any(image.simulated for image in sound),
        oriented=all(image.is_placed for image in sound),
    )


def stored_images(study: Study) -> Mapping[Modality, StoredImage | FaultError]:
    """Return the images of a study, each as its files place it, whatever the study's grid is."""
    if isinstance(study.volumes, LazyVolumes):
        return study.volumes.stored
    return {modality: _HeldImage(study, modality) for modality in study.volumes}


@dataclass(frozen=True)
class _HeldImage(StoredImage):
    """A volume of a study that no file stores."""

    study: Study
    modality: Modality
    simulated: bool = False

    @property
    def is_placed(self) -> bool:
        return self.study.oriented

    @property
    def name(self) -> str:
        return f"{self.study.id} {self.modality.value}"

    @property
    def native_grid(self) -> Grid:
        return self.study.file_grid

    @property
    def grid(self) -> Grid:
        return self.study.grid

    def covers(self, grid: Grid) -> bool:
        return self.grid == grid

    def placed_on(self, grid: Grid, *, of: str) -> Self:
        check_same_grid(self, grid, of=of)
        return self

    def read(self) -> NDArray[np.float32]:
        return self.study.volume(self.modality)


def check_same_grid(image: StoredImage, grid: Grid, *, of: str) -> None:
    """Check that an image lies on a grid, up to rounding.

    Raises:
        FaultyStudyError: The shape differs from that of the image `of`, or the affine.
    """
    if image.grid.shape != grid.shape:
        raise FaultyStudyError(
            FaultKind.SHAPE_MISMATCH,
            f"{image.name}: shape {image.grid.shape} (RAS+), but {of} has {grid.shape}",
        )
    if difference := grid.difference(image.grid):
        raise FaultyStudyError(
            FaultKind.AFFINE_MISMATCH,
            f"{image.name}: its affine places it elsewhere than {of}: corners {difference}",
        )


def _placed(image: StoredImage | FaultError, shared: StoredImage) -> StoredImage | FaultError:
    if isinstance(image, FaultError):
        return image
    try:
        return image.placed_on(shared.grid, of=shared.name)
    except FaultyStudyError as error:
        return error
