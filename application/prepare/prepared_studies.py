"""The studies of a source, their images prepared when they are first looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from threading import Lock
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from gliobench.application.datasets.studies_of import StudiesOf
from gliobench.application.datasets.study_images import StoredImage, stored_images
from gliobench.application.ports.study_source import StudySource
from gliobench.application.prepare.bias_fields import unbiased
from gliobench.application.prepare.preparation import (
    FILE_GRID,
    PREPARED_GRID,
    VERSION,
    Preparation,
)
from gliobench.application.prepare.prepare_head import anchor_of
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid, extent
from gliobench.domain.geometry.resampling import pulled, pulled_region
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Modality, Reference, Study

Volume = NDArray[np.float32]


class Prepare(Protocol):
    """Prepares the images of a study, or has kept how they were prepared."""

    @property
    def fingerprint(self) -> str:
        """What decides a preparation besides the images."""
        ...

    def __call__(
        self,
        study_id: str,
        images: Mapping[Modality, StoredImage | FaultError],
        *,
        content: Callable[[], str],
    ) -> Preparation:
        """Prepare; `content` hashes the files of the images."""
        ...


@dataclass(frozen=True, eq=False)
class PreparedScan(Study):
    """A study on the grid of its anchor, which answers are given on: registered, the brain alone.

    Args:
        ready: The same brain as networks want it: 1 mm, in the place of the template.
        prepare: Gives how the images were prepared; computed at the first call.
    """

    ready: Study | None = None
    prepare: Callable[[], Preparation] | None = None

    @property
    def preparation(self) -> Preparation:
        """How the images were prepared.

        Raises:
            InvalidInputError: They are not the ones that were: a control has altered them.
            FaultError: They cannot be prepared.
        """
        if self.prepare is None or not isinstance(self.volumes, _Laid):
            raise InvalidInputError(f"study {self.id}: altered images are not prepared")
        return self.prepare()


@final
class PreparedStudies(StudiesOf):
    """Shows the studies of a source as `PreparedScan`; references lie on the grid of the anchor."""

    def __init__(self, source: StudySource, prepare: Prepare) -> None:
        super().__init__(source)
        self._prepare = prepare
        self._last: tuple[str, _Prepared] | None = None

    def study(self, study_id: str) -> Study:
        """Open a study; its images are prepared when they are first looked at."""
        raw, one = self.whole.study(study_id), self._prepared(study_id)
        anchor = one.image(one.anchor)
        ready = Study(
            id=raw.id,
            patient_id=raw.patient_id,
            grid=PREPARED_GRID,
            volumes=_Laid(one, PREPARED_GRID, lambda found, modality: found.motion(modality)),
            native_grid=FILE_GRID,
            site=raw.site,
            simulated=raw.simulated,
            oriented=raw.oriented,
        )
        return PreparedScan(
            id=raw.id,
            patient_id=raw.patient_id,
            grid=anchor.grid,
            volumes=_Laid(one, anchor.grid, lambda found, modality: found.to_anchor[modality]),
            native_grid=anchor.native_grid,
            site=raw.site,
            simulated=raw.simulated,
            oriented=raw.oriented,
            ready=ready,
            prepare=lambda: one.found,
        )

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say; a mask on the grid of another image is moved once.

        Where the images cannot be prepared every answer is a failure, which counts by the mask as it was
        drawn, on its own grid.
        """
        reference = self.whole.reference(study_id)
        if not reference.regions or reference.grid is not None:  # no image, or none can be opened
            return reference
        grid, one = self.whole.study(study_id).grid, self._prepared(study_id)
        anchor = one.image(one.anchor)
        if anchor.covers(grid) and anchor.grid == grid:
            return reference
        try:
            moved = one.found.to_anchor
        except FaultError:
            return replace(reference, grid=grid)
        drawn_on = next((m for m in moved if one.image(m).covers(grid)), None)
        if drawn_on is None:
            raise FaultyStudyError(
                FaultKind.NOT_REGISTERED,
                f"the mask of study {study_id} lies on the grid of an image that cannot be read",
            )
        regions = {
            region: pulled_region(voxels, source=grid, target=anchor.grid, motion=moved[drawn_on])
            for region, voxels in reference.regions.items()
        }
        return replace(reference, regions=regions)

    def content_hash(self, study_id: str) -> str:
        """Hash the files and what decides the preparation (sha256, hex)."""
        parts = f"{self.whole.content_hash(study_id)} {VERSION} {self._prepare.fingerprint}"
        return sha256(parts.encode()).hexdigest()

    def _prepared(self, study_id: str) -> _Prepared:
        if self._last is None or self._last[0] != study_id:
            images = stored_images(self.whole.study(study_id))
            content = partial(self.whole.content_hash, study_id)
            self._last = study_id, _Prepared(study_id, images, self._prepare, content)
        return self._last[1]


class _Prepared:
    """A study's images as they are stored, and how they are prepared, found once."""

    def __init__(
        self,
        study_id: str,
        images: Mapping[Modality, StoredImage | FaultError],
        prepare: Prepare,
        content: Callable[[], str],
    ) -> None:
        self.images = images
        self._study_id, self._prepare, self._content = study_id, prepare, content
        self._finding = Lock()
        self._outcome: Preparation | FaultError | None = None

    @cached_property
    def anchor(self) -> Modality:
        return anchor_of(self.images)

    @property
    def found(self) -> Preparation:
        """How they are prepared; what kept them from it is raised again, not looked for again."""
        with self._finding:
            if self._outcome is None:
                self._outcome = self._made()
        if isinstance(self._outcome, FaultError):
            raise self._outcome.with_traceback(None)
        return self._outcome

    def _made(self) -> Preparation | FaultError:
        try:
            return self._prepare(self._study_id, self.images, content=self._content)
        except FaultError as error:
            return error

    def image(self, modality: Modality) -> StoredImage:
        image = self.images[modality]
        if isinstance(image, FaultError):
            raise image.with_traceback(None)
        return image


class _Laid(Mapping[Modality, Volume]):
    """The brain of each image on one grid, free of its bias field.

    Each voxel is interpolated once, from the image as stored.
    """

    def __init__(
        self, one: _Prepared, grid: Grid, motion: Callable[[Preparation, Modality], Rigid]
    ) -> None:
        self._one, self._grid, self._motion = one, grid, motion
        self._volumes: dict[Modality, Volume] = {}

    def __getitem__(self, modality: Modality) -> Volume:
        if modality not in self._volumes:
            image, found = self._one.image(modality), self._one.found
            if modality not in found.to_anchor:
                image.read()  # raises what it raised when the study was prepared
            volume = np.zeros(self._grid.shape, dtype=np.float32)
            volume[self._block] = self._brain[self._block] * unbiased(
                self._interpolated(image, self._motion(found, modality)),
                found.bias[modality],
                grid=self._grid.part(self._block),
                motion=self._from_template(found),
            )
            self._volumes[modality] = volume
        return self._volumes[modality]

    def _interpolated(self, image: StoredImage, motion: Rigid) -> Volume:
        """Return an image on the block of the brain; one that stays where it is, as it is stored."""
        if motion.is_none and image.grid == self._grid:
            return image.read()[self._block]
        target = self._grid.part(self._block)
        return pulled(image.read(), source=image.grid, target=target, motion=motion)

    @cached_property
    def _block(self) -> tuple[slice, ...]:
        return extent(self._brain)

    @cached_property
    def _brain(self) -> BoolArray:
        found = self._one.found
        if self._grid is PREPARED_GRID:
            return found.brain
        return pulled_region(
            found.brain,
            source=PREPARED_GRID,
            target=self._grid,
            motion=self._from_template(found),
        )

    def _from_template(self, found: Preparation) -> Rigid:
        return Rigid.none() if self._grid is PREPARED_GRID else found.to_template.inverse

    def __contains__(self, modality: object) -> bool:
        return modality in self._one.images

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._one.images)

    def __len__(self) -> int:
        return len(self._one.images)
